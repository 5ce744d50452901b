package dev.quern.simd.random;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Philox4x32-10 uniforms. A lane is a block of four words, each in a 64-bit vector of its own, so
 * that a round multiplies 32 by 32 bits without leaving the lane; in the end the words are paired
 * and two vectors interleaved into memory order. A chunk a piece; whole vectors are drawn into
 * scratch memory and the wanted part copied out. Integers only, so nothing can depend on threads or
 * width.
 */
public final class SimdRandomKernels implements RandomKernels {
  private static final VectorSpecies<Long> LONGS = VectorMath.SPECIES.withLanes(long.class);

  private static final long WORD = 0xFFFFFFFFL;

  private static final LongVector MULTIPLIER0 = LongVector.broadcast(LONGS, 0xD2511F53L);
  private static final LongVector MULTIPLIER1 = LongVector.broadcast(LONGS, 0xCD9E8D57L);
  private static final LongVector BLOCKS = LongVector.zero(LONGS).addIndex(1);

  private static final VectorMask<Long> ODD = VectorMask.fromLong(LONGS, 0xAAAAL);
  private static final VectorShuffle<Long> FIRST_HALF_TWICE =
      VectorShuffle.fromOp(LONGS, lane -> lane / 2);
  private static final VectorShuffle<Long> SECOND_HALF_TWICE =
      VectorShuffle.fromOp(LONGS, lane -> (lane + LONGS.length()) / 2);
  private static final FloatVector UNIT = FloatVector.broadcast(VectorMath.SPECIES, 0x1p-24f);

  /** A chunk of numbers, and some more: whole vectors are drawn. */
  private static final ThreadScratch<MemorySegment> DRAWN =
      new ThreadScratch<>(
          () -> Arena.ofAuto().allocate((Chunks.SIZE + 2L * Chunks.PAD) * Float.BYTES, 64));

  private final WorkerPool pool;

  public SimdRandomKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    pool.run(new Uniform(stream, firstElement, out), Chunks.count(out.length()), 4);
  }

  private static final class Uniform extends Task {
    private final PhiloxStream stream;
    private final long firstElement;
    private final MemorySegment out;
    private final long elements;

    Uniform(PhiloxStream stream, long firstElement, Span out) {
      this.stream = stream;
      this.firstElement = firstElement;
      this.out = open(out);
      this.elements = out.length();
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      long element = firstElement + first;
      int skipped = (int) (element & 3);
      MemorySegment drawn = DRAWN.get();
      draw(stream, element >>> 2, drawn, skipped + n);
      MemorySegment.copy(drawn, 4L * skipped, out, 4 * first, 4L * n);
    }
  }

  /** Draws at least {@code n} numbers from a block on. */
  private static void draw(PhiloxStream stream, long block, MemorySegment out, int n) {
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += 4 * LONGS.length()) {
      LongVector c0 = BLOCKS.add(block + i / 4).and(WORD);
      LongVector c1 = LongVector.broadcast(LONGS, stream.sample() & WORD);
      LongVector c2 = LongVector.broadcast(LONGS, stream.epoch() & WORD);
      LongVector c3 = LongVector.broadcast(LONGS, stream.stream() & WORD);
      long key0 = stream.seed() & WORD;
      long key1 = stream.seed() >>> 32;
      for (int round = 0; round < 10; round++) {
        // the compiler takes the 32-bit multiplier if it sees that the upper halves are empty
        LongVector product0 = c0.and(WORD).mul(MULTIPLIER0.and(WORD));
        LongVector product1 = c2.and(WORD).mul(MULTIPLIER1.and(WORD));
        c0 = xor(product1.lanewise(VectorOperators.LSHR, 32), c1, key0);
        c1 = product1.and(WORD);
        c2 = xor(product0.lanewise(VectorOperators.LSHR, 32), c3, key1);
        c3 = product0.and(WORD);
        key0 = (key0 + 0x9E3779B9L) & WORD;
        key1 = (key1 + 0xBB67AE85L) & WORD;
      }
      LongVector front = c0.or(c1.lanewise(VectorOperators.LSHL, 32));
      LongVector back = c2.or(c3.lanewise(VectorOperators.LSHL, 32));
      store(front, back, FIRST_HALF_TWICE, out, 4L * i);
      store(front, back, SECOND_HALF_TWICE, out, 4L * (i + 2 * LONGS.length()));
    }
  }

  private static LongVector xor(LongVector a, LongVector b, long c) {
    return a.lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, c);
  }

  /** Interleaves half of two vectors of word pairs and writes them as uniforms. */
  private static void store(
      LongVector front, LongVector back, VectorShuffle<Long> half, MemorySegment out, long at) {
    front
        .rearrange(half)
        .blend(back.rearrange(half), ODD)
        .reinterpretAsInts()
        .lanewise(VectorOperators.LSHR, 8)
        .convert(VectorOperators.I2F, 0)
        .reinterpretAsFloats()
        .mul(UNIT)
        .intoMemorySegment(out, at, ByteOrder.nativeOrder());
  }
}
