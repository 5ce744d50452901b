package dev.quern;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Owns the tensors made while it is open, and closes them when it closes. A scope belongs to one
 * engine and to the thread that opened it; scopes nest, and close in the opposite order.
 */
public final class Scope implements AutoCloseable {
  /**
   * What {@link Engine#scoped(Body)} runs.
   *
   * @param <T> the result's type
   * @param <X> what it throws; without checked exceptions the compiler takes RuntimeException
   */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object, X extends Exception> {
    /**
     * Does the work.
     *
     * @return the result
     * @throws X whatever it throws
     */
    T run() throws X;
  }

  /**
   * What {@link Engine#scoped(Action)} runs.
   *
   * @param <X> what it throws; without checked exceptions the compiler takes RuntimeException
   */
  @FunctionalInterface
  public interface Action<X extends Exception> {
    /**
     * Does the work.
     *
     * @throws X whatever it throws
     */
    void run() throws X;
  }

  private final Engine engine;
  private final @Nullable Scope outer;
  private final Thread thread;
  private final Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean open = true;

  Scope(Engine engine, @Nullable Scope outer) {
    this.engine = engine;
    this.outer = outer;
    this.thread = Thread.currentThread();
  }

  /**
   * Moves a tensor one level out, so that it survives this scope.
   *
   * @param tensor a tensor this scope owns
   * @return the tensor
   * @throws IllegalStateException if this scope does not own it
   */
  public Tensor keep(Tensor tensor) {
    if (tensor.owner() != this) {
      throw new IllegalStateException(
          "The tensor " + tensor + " does not belong to this scope, so it cannot be kept by it.");
    }
    tensor.moveTo(outer == null ? engine.root() : outer);
    return tensor;
  }

  /**
   * Makes all tensors it owns outlive every scope, as {@link Tensor#detach} does: for whoever makes
   * several, of which none is to be left if the last cannot be made.
   */
  public void detachAll() {
    open().forEach(Tensor::detach);
  }

  /** Keeps the tensors of a result, if this scope owns them. */
  void keepAll(@Nullable Object result) {
    switch (result) {
      case Tensor tensor -> {
        if (tensor.owner() == this) {
          keep(tensor);
        }
      }
      case TensorGroup group -> group.tensors().forEach(this::keepAll);
      case Collection<?> several -> several.forEach(this::keepAll);
      case Map<?, ?> named -> named.values().forEach(this::keepAll);
      case Object[] several -> Arrays.asList(several).forEach(this::keepAll);
      case Optional<?> one -> one.ifPresent(this::keepAll);
      case null, default -> {}
    }
  }

  /** Those it owns, under the engine's lock. */
  List<Tensor> open() {
    return engine.locked(() -> List.copyOf(tensors));
  }

  /**
   * Closes every tensor made in it that was not kept; idempotent.
   *
   * @throws IllegalStateException if an inner scope is still open, or on another thread
   */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "A scope is closed by the thread that opened it, "
              + thread.getName()
              + ", not by "
              + Thread.currentThread().getName()
              + ".");
    }
    engine.leave(this);
    open = false;
    closeTensors();
  }

  /** Closes what it owns; a failing copy back must not keep the others from being closed. */
  void closeTensors() {
    RuntimeException failure = null;
    for (Tensor tensor : open()) {
      try {
        tensor.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Nullable Scope outer() {
    return outer;
  }

  void adopt(Tensor tensor) {
    tensors.add(tensor);
  }

  void forget(Tensor tensor) {
    tensors.remove(tensor);
  }
}
