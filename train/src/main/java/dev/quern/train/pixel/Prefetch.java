package dev.quern.train.pixel;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Computes results ahead on background threads and hands them out in their own order, so that what
 * the consumer sees does not depend on the number of threads.
 *
 * @param <T> what a task gives
 */
final class Prefetch<T> implements Iterator<T> {

  private final ExecutorService threads;
  private final Iterator<Callable<T>> tasks;
  private final int depth;
  private final ArrayDeque<Future<T>> ahead = new ArrayDeque<>();

  /**
   * Starts the first tasks.
   *
   * @param threads where the tasks run
   * @param tasks taken on the consumer's thread, one by one
   * @param depth how many results may be under way or waiting
   */
  Prefetch(ExecutorService threads, Iterator<Callable<T>> tasks, int depth) {
    this.threads = threads;
    this.tasks = tasks;
    this.depth = depth;
    fill();
  }

  @Override
  public boolean hasNext() {
    return !ahead.isEmpty();
  }

  @Override
  public T next() {
    Future<T> first = ahead.remove();
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
      throw new IllegalStateException("Interrupted while waiting for features", e);
    }
  }

  private void fill() {
    while (ahead.size() < depth && tasks.hasNext()) {
      ahead.add(threads.submit(tasks.next()));
    }
  }
}
