package dev.quern.simd;

import dev.quern.spi.PhiloxStream;
import dev.quern.spi.RandomKernels;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Philox4x32-10 uniforms. A block of four words takes two neighbouring 64-bit lanes: one vector
 * holds (c0, c2), which a round multiplies, another (c1, c3); exchanging the products of neighbours
 * is a round's only shuffle, and in the end the lanes hold the words in memory order. A chunk a
 * piece; whole vectors are drawn into scratch memory and the wanted part copied out. Integers only,
 * so nothing can depend on threads or width.
 */
final class SimdRandomKernels implements RandomKernels {
  private static final VectorSpecies<Long> LONGS = VectorMath.SPECIES.withLanes(long.class);

  private static final long WORD = 0xFFFFFFFFL;

  private static final VectorMask<Long> ODD = VectorMask.fromLong(LONGS, 0xAAAAL);
  private static final VectorShuffle<Long> NEIGHBOUR =
      VectorShuffle.fromOp(LONGS, lane -> lane ^ 1);
  private static final LongVector MULTIPLIER = pairs(0xD2511F53L, 0xCD9E8D57L);
  private static final LongVector KEY_STEP = pairs(0x9E3779B9L, 0xBB67AE85L);
  private static final LongVector BLOCKS =
      LongVector.zero(LONGS).addIndex(1).lanewise(VectorOperators.LSHR, 1).blend(0, ODD);
  private static final FloatVector UNIT = FloatVector.broadcast(VectorMath.SPECIES, 0x1p-24f);

  private final WorkerPool pool;

  SimdRandomKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    pool.run(new Uniform(stream, firstElement, out), Chunks.count(out.length()), 4);
  }

  private static LongVector pairs(long even, long odd) {
    return LongVector.broadcast(LONGS, even).blend(odd, ODD);
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
    void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      long element = firstElement + first;
      int skipped = (int) (element & 3);
      MemorySegment drawn = Workspace.current().stage;
      draw(stream, element >>> 2, drawn, skipped + n);
      MemorySegment.copy(drawn, 4L * skipped, out, 4 * first, 4L * n);
    }
  }

  /** Draws at least {@code n} numbers from a block on. */
  private static void draw(PhiloxStream stream, long block, MemorySegment out, int n) {
    LongVector key = pairs(stream.seed() & WORD, stream.seed() >>> 32);
    LongVector high = pairs(0, stream.epoch() & WORD);
    LongVector low = pairs(stream.sample() & WORD, stream.stream() & WORD);
    for (int i = 0; i < n; i += 2 * LONGS.length()) {
      LongVector counter = BLOCKS.add(block + i / 4).and(WORD).blend(0, ODD).or(high);
      words(counter, low, key)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHR, 8)
          .convert(VectorOperators.I2F, 0)
          .reinterpretAsFloats()
          .mul(UNIT)
          .intoMemorySegment(out, 4L * i, ByteOrder.nativeOrder());
    }
  }

  /** Ten rounds over the counters whose words (c0, c2) and (c1, c3) are given. */
  private static LongVector words(LongVector multiplied, LongVector others, LongVector key) {
    LongVector x = multiplied;
    LongVector y = others;
    LongVector k = key;
    for (int round = 0; round < 10; round++) {
      LongVector product = x.and(WORD).mul(MULTIPLIER.and(WORD)).rearrange(NEIGHBOUR);
      x = product.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, y);
      x = x.lanewise(VectorOperators.XOR, k);
      y = product.and(WORD);
      k = k.add(KEY_STEP).and(WORD);
    }
    return x.lanewise(VectorOperators.OR, y.lanewise(VectorOperators.LSHL, 32));
  }
}
