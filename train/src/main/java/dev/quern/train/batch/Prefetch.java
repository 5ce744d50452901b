package dev.quern.train.batch;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Computes results ahead on background threads and hands them out in their own order, so that what
 * the consumer sees does not depend on the number of threads.
 */
public final class Prefetch implements AutoCloseable {

  private final ExecutorService threads;
  private final int depth;

  /**
   * Starts the threads.
   *
   * @param threads how many, at least 1
   */
  public Prefetch(int threads) {
    this.threads =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("quern-prefetch-", 0).factory());
    this.depth = 2 * threads;
  }

  /**
   * Runs tasks ahead.
   *
   * @param tasks taken on the consumer's thread, one by one
   * @param <T> what a task gives
   * @return the results in the order of the tasks; what a task throws is thrown in its turn
   */
  public <T> Iterator<T> inOrder(Stream<Callable<T>> tasks) {
    return new Ahead<>(threads, tasks.iterator(), depth);
  }

  /**
   * Runs tasks ahead, but only as many as fit into an eighth of the heap.
   *
   * @param tasks taken on the consumer's thread, one by one
   * @param bytes that a task or its result may take in memory
   * @param <T> what a task gives
   * @return the results in the order of the tasks; what a task throws is thrown in its turn
   */
  public <T> Iterator<T> inOrder(Stream<Callable<T>> tasks, long bytes) {
    long fitting = Runtime.getRuntime().maxMemory() / 8 / Math.max(1, bytes);
    return new Ahead<>(threads, tasks.iterator(), Math.clamp(fitting, 1, depth));
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** The results that are under way or waiting, at most {@code depth}. */
  private static final class Ahead<T> implements Iterator<T> {

    private final ExecutorService threads;
    private final Iterator<Callable<T>> tasks;
    private final int depth;
    private final ArrayDeque<Future<T>> results = new ArrayDeque<>();

    Ahead(ExecutorService threads, Iterator<Callable<T>> tasks, int depth) {
      this.threads = threads;
      this.tasks = tasks;
      this.depth = depth;
      fill();
    }

    @Override
    public boolean hasNext() {
      return !results.isEmpty();
    }

    @Override
    public T next() {
      Future<T> first = results.remove();
      fill();
      try {
        return first.get();
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case RuntimeException failure -> throw failure;
          case Error failure -> throw failure;
          case null, default -> throw new IllegalStateException(e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for what is read ahead", e);
      }
    }

    private void fill() {
      while (results.size() < depth && tasks.hasNext()) {
        results.add(threads.submit(tasks.next()));
      }
    }
  }
}
