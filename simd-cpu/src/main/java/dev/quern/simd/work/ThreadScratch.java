package dev.quern.simd.work;

import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scratch memory of every thread, made on first use and kept as long as the thread, so that no
 * kernel call allocates. A family holds its own in a constant.
 *
 * @param <T> what a thread has
 */
public final class ThreadScratch<T> {
  private final Supplier<T> maker;

  /**
   * Weakly, as a thread that outlives the family's classes would keep their class loader otherwise;
   * {@link #kept} keeps them as long as thread and classes live.
   */
  @SuppressWarnings("ThreadLocalUsage") // lives in a constant
  private final ThreadLocal<@Nullable WeakReference<T>> current = new ThreadLocal<>();

  private final Map<Thread, T> kept = Collections.synchronizedMap(new WeakHashMap<>());

  /** Creates scratch memory that {@code maker} makes, once for a thread. */
  public ThreadScratch(Supplier<T> maker) {
    this.maker = maker;
  }

  /** Returns the calling thread's. */
  public T get() {
    WeakReference<T> reference = current.get();
    T scratch = reference == null ? null : reference.get();
    return scratch == null ? make() : scratch;
  }

  private T make() {
    T scratch = maker.get();
    kept.put(Thread.currentThread(), scratch);
    current.set(new WeakReference<>(scratch));
    return scratch;
  }
}
