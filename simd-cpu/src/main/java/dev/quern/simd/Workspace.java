package dev.quern.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** Scratch memory of one thread, kept as long as the thread, so that no kernel call allocates. */
final class Workspace {
  /** The most elements a tail is padded to. */
  static final int PAD = 64;

  /**
   * Weakly, as a thread that outlives this class would keep its class loader otherwise; {@link
   * #KEPT} keeps them as long as thread and class live.
   */
  private static final ThreadLocal<@Nullable WeakReference<Workspace>> CURRENT =
      new ThreadLocal<>();

  private static final Map<Thread, Workspace> KEPT =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** A chunk of f32 targets or random numbers, and some more: whole vectors are written. */
  final MemorySegment stage;

  /** Six tails of {@link #PAD} f32 elements. */
  final MemorySegment[] pads = new MemorySegment[6];

  /** A chunk of targets for the array kernels, or of chains. */
  final float[] arrayStage = new float[Chunks.SIZE];

  /** Five tails of {@link #PAD} elements for the array kernels. */
  final float[][] arrayPads = new float[5][PAD];

  /** Spilled accumulators. */
  final float[] lanes = new float[PAD];

  /** Confusion counts of a chunk. */
  final Confusion counts = new Confusion();

  /** The block of a fused loss that is being worked on. */
  final LossChunk loss = new LossChunk();

  /** The comparisons of the chunk that is being counted. */
  final ConfusionBits bits = new ConfusionBits();

  /** The f64 sums of a strip of columns. */
  final double[] columns = new double[WeightedRows.STRIP];

  private @Nullable MatrixMicro matrix;

  private MemorySegment @Nullable [] chunks;

  private @Nullable LovaszStage lovasz;

  private @Nullable ClassScratch classes;

  private MemorySegment partials = MemorySegment.NULL;

  private Workspace() {
    Arena arena = Arena.ofAuto();
    stage = arena.allocate((Chunks.SIZE + 2L * PAD) * Float.BYTES, 64);
    for (int i = 0; i < pads.length; i++) {
      pads[i] = arena.allocate((long) PAD * Float.BYTES, 64);
    }
  }

  /** Returns the panels of a matrix product, 300 KB that are made on first use. */
  MatrixMicro matrix() {
    MatrixMicro made = matrix;
    if (made == null) {
      made = new MatrixMicro();
      matrix = made;
    }
    return made;
  }

  /** Returns five chunks of f32 elements, 80 KB that are made on first use. */
  MemorySegment[] chunks() {
    MemorySegment[] made = chunks;
    if (made == null) {
      made = new MemorySegment[5];
      Arena arena = Arena.ofAuto();
      for (int i = 0; i < made.length; i++) {
        made[i] = arena.allocate((Chunks.SIZE + (long) PAD) * Float.BYTES, 64);
      }
      chunks = made;
    }
    return made;
  }

  /** Returns the arrays of a Lovasz loss, 150 KB that are made on first use. */
  LovaszStage lovasz() {
    LovaszStage made = lovasz;
    if (made == null) {
      made = new LovaszStage();
      lovasz = made;
    }
    return made;
  }

  /** Returns the chunk of a multiclass confusion matrix, made on first use. */
  ClassScratch classes() {
    ClassScratch made = classes;
    if (made == null) {
      made = new ClassScratch();
      classes = made;
    }
    return made;
  }

  /** Returns memory for what the chunks of an array kernel leave; it grows as needed. */
  MemorySegment partials(long bytes) {
    if (partials.byteSize() < bytes) {
      partials = Arena.ofAuto().allocate(bytes, 64);
    }
    return partials;
  }

  /** Returns the calling thread's. */
  static Workspace current() {
    WeakReference<Workspace> reference = CURRENT.get();
    Workspace workspace = reference == null ? null : reference.get();
    return workspace == null ? make() : workspace;
  }

  private static Workspace make() {
    Workspace workspace = new Workspace();
    KEPT.put(Thread.currentThread(), workspace);
    CURRENT.set(new WeakReference<>(workspace));
    return workspace;
  }
}
