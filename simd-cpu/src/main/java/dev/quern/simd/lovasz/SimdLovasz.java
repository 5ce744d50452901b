package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.work.GrowingMemory;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Lovasz losses: for the softmax first which classes are present and the probabilities; then lists
 * of items (key of the error, label, position) that are made, sorted and walked; for the softmax
 * last the way back through it. Small lists are shared out whole, large ones one after the other
 * with all threads on each. Only errors above 0 are sorted: the others have neither loss nor
 * gradient.
 */
public final class SimdLovasz implements LovaszPlan {
  private static final int INLINE_BELOW = 2;

  /** Scratch memory of a one-call form up to this size stays with the thread for its next. */
  private static final long KEPT_SCRATCH = 64L << 20;

  private static final ThreadScratch<GrowingMemory> SCRATCH =
      new ThreadScratch<>(GrowingMemory::new);

  private final LovaszSpec spec;
  private final WorkerPool pool;

  public SimdLovasz(LovaszSpec spec, WorkerPool pool) {
    this.spec = spec;
    this.pool = pool;
  }

  @Override
  public LovaszSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return new Scratch(new LovaszGroups(spec, extent)).bytes;
  }

  @Override
  public void forward(
      Span logits, Span target, LossExtent extent, Span value, Span fault, Span scratch) {
    MemorySegment x = HostBuffer.segment(logits);
    MemorySegment t = HostBuffer.segment(target);
    leave(run(x, t, extent, 0, null, HostBuffer.segment(scratch)), value, fault);
  }

  @Override
  public void forwardBackward(
      Span logits,
      Span target,
      LossExtent extent,
      Span upstream,
      Span value,
      Span gradient,
      Span fault,
      Span scratch) {
    MemorySegment x = HostBuffer.segment(logits);
    MemorySegment t = HostBuffer.segment(target);
    MemorySegment g = HostBuffer.segment(gradient);
    float factor = HostBuffer.segment(upstream).get(JAVA_FLOAT, 0);
    leave(run(x, t, extent, factor, g, HostBuffer.segment(scratch)), value, fault);
  }

  private static void leave(ArrayKernels.Result result, Span value, Span fault) {
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result.value());
    MemorySegment word = HostBuffer.segment(fault);
    word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), result.fault()));
  }

  /** The one-call form, on any memory. */
  public ArrayKernels.Result compute(
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient) {
    long bytes = scratchBytes(extent);
    if (bytes <= KEPT_SCRATCH) {
      return run(logits, target, extent, upstream, gradient, SCRATCH.get().atLeast(bytes));
    }
    try (Arena arena = Arena.ofShared()) {
      return run(logits, target, extent, upstream, gradient, arena.allocate(bytes, 64));
    }
  }

  /**
   * Computes the value and, if asked, the gradient.
   *
   * @param logits memory of any kind, as target and gradient
   * @param scratch native
   */
  ArrayKernels.Result run(
      MemorySegment logits,
      MemorySegment target,
      LossExtent extent,
      float upstream,
      @Nullable MemorySegment gradient,
      MemorySegment scratch) {
    LovaszGroups groups = new LovaszGroups(spec, extent);
    if (groups.listLength == 0 || groups.count == 0) {
      return new ArrayKernels.Result(0, Long.MAX_VALUE);
    }
    Scratch memory = new Scratch(groups);
    MemorySegment probabilities = scratch.asSlice(memory.probabilities);
    LovaszCall call = new LovaszCall(spec, groups, logits, target, gradient, probabilities);
    long lists = groups.count * groups.classes;
    MemorySegment factors = scratch.asSlice(memory.factors, 8 * groups.count);
    MemorySegment values = scratch.asSlice(memory.values, 8 * lists);
    MemorySegment averaged = scratch.asSlice(memory.averaged, lists);
    averaged.fill((byte) 0);
    if (!call.isHinge()) {
      pool.run(new Presence(call, averaged), groups.count * groups.listChunks(), INLINE_BELOW);
    }
    for (long group = 0; group < groups.count; group++) {
      int count = chooseClasses(groups, group, averaged);
      factors.setAtIndex(JAVA_DOUBLE, group, upstream / (double) groups.count / count);
    }
    if (groups.listLength <= LovaszStage.SMALL_LIST) {
      long chunks = groups.count * groups.listChunks();
      softmax(call, 0, chunks, false);
      pool.run(new SmallLists(call, averaged, factors, values), lists, INLINE_BELOW);
      softmax(call, 0, chunks, true);
    } else {
      LargeList list = new LargeList(call, pool, scratch.asSlice(memory.items));
      for (long group = 0; group < groups.count; group++) {
        long row = group * groups.rows;
        call.probabilitiesStartAt(groups.places(group, 0).base());
        softmax(call, row, groups.listChunks(), false);
        for (int c = 0; c < groups.classes; c++) {
          long index = group * groups.classes + c;
          if (averaged.get(JAVA_BYTE, index) == 0) {
            call.clearList(group, c);
          } else {
            double factor = factors.getAtIndex(JAVA_DOUBLE, group);
            values.setAtIndex(JAVA_DOUBLE, index, list.run(group, c, factor));
          }
        }
        softmax(call, row, groups.listChunks(), true);
      }
    }
    double value = mean(groups, averaged, values);
    return new ArrayKernels.Result((float) value, call.fault.get());
  }

  private void softmax(LovaszCall call, long firstRow, long chunks, boolean backward) {
    if (call.normalizes() && (!backward || call.gradient != null)) {
      pool.run(new LovaszSoftmax(call, firstRow, backward), chunks, INLINE_BELOW);
    }
  }

  /**
   * Turns marks of the classes present into marks of the classes averaged.
   *
   * @return how many of a group are averaged
   */
  private int chooseClasses(LovaszGroups groups, long group, MemorySegment averaged) {
    int count = 0;
    for (int c = 0; c < groups.classes; c++) {
      long list = group * groups.classes + c;
      boolean chosen =
          spec.kind() == Kind.HINGE || spec.averages(c, averaged.get(JAVA_BYTE, list) != 0);
      averaged.set(JAVA_BYTE, list, (byte) (chosen ? 1 : 0));
      count += chosen ? 1 : 0;
    }
    return count;
  }

  /** The mean over groups of the mean over their averaged classes. */
  private static double mean(LovaszGroups groups, MemorySegment averaged, MemorySegment values) {
    double total = 0;
    for (long group = 0; group < groups.count; group++) {
      double sum = 0;
      int count = 0;
      for (long list = group * groups.classes; list < (group + 1) * groups.classes; list++) {
        if (averaged.get(JAVA_BYTE, list) != 0) {
          sum += values.getAtIndex(JAVA_DOUBLE, list);
          count++;
        }
      }
      total += sum / Math.max(1, count);
    }
    return total / groups.count;
  }

  /** Marks the classes that label a pixel of a group, and finds faulty labels. */
  private static final class Presence extends LovaszCall.Work {
    private final MemorySegment present;

    Presence(LovaszCall call, MemorySegment present) {
      super(call);
      this.present = open(present);
    }

    @Override
    public void run(long piece) {
      long group = piece / groups.listChunks();
      int chunk = (int) (piece % groups.listChunks());
      LovaszStage stage = LovaszStage.current();
      call.stageLabels(stage, group, chunk, true);
      long first = group * groups.classes;
      for (int i = 0; i < groups.chunkLength(chunk); i++) {
        int label = (int) stage.labels[i];
        if (label >= 0 && present.get(JAVA_BYTE, first + label) == 0) {
          present.set(JAVA_BYTE, first + label, (byte) 1);
        }
      }
    }
  }

  /** Where things lie in scratch memory. */
  private final class Scratch {
    final long factors;
    final long values;
    final long averaged;
    final long probabilities;
    final long items;
    final long bytes;

    Scratch(LovaszGroups groups) {
      long lists = groups.count * groups.classes;
      long n = groups.listLength;
      boolean small = n <= LovaszStage.SMALL_LIST;
      boolean softmax = spec.kind() == Kind.SOFTMAX && spec.input() == LossInput.LOGITS;
      factors = 0;
      values = factors + 8 * groups.count;
      averaged = values + 8 * lists;
      long rest = averaged + lists + 63 & -64;
      if (small) {
        probabilities = rest;
        items = rest + (softmax ? 4 * lists * n : 0);
        bytes = Math.max(1, items);
      } else {
        // those of one class are read before the second half of the items is written
        boolean several = groups.classes > 1;
        long room = softmax && several ? 4 * n * groups.classes + 63 & -64 : 0;
        items = rest + room;
        probabilities = several ? rest : items + 8 * n;
        bytes = items + LargeList.scratchBytes(n);
      }
    }
  }
}
