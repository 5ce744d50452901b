package dev.quern.gpu.host;

import dev.quern.spi.Span;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a program, to be given its arguments one after another in the order of its signature,
 * which both platforms share, and then enqueued; after that it is given those of the next launch. A
 * wrong argument is the host code's mistake: where the platform can tell, it throws an
 * IllegalStateException.
 */
public interface Launch {
  /**
   * Begins with the first argument again, if others were given and then not enqueued, as something
   * between them failed.
   *
   * @return this
   */
  Launch restart();

  /**
   * Sets a tensor argument.
   *
   * @param span what it covers
   * @return this
   */
  Launch tensor(Span span);

  /**
   * Sets a tensor argument that may be absent.
   *
   * @param span what it covers, or null for a null pointer
   * @return this
   */
  Launch tensorOrNull(@Nullable Span span);

  /**
   * Sets a tensor argument that lies in scratch memory.
   *
   * @param scratch U8
   * @param firstByte where in it, a multiple of {@code elementBytes}
   * @param elementBytes the size of the kernel's element type
   * @return this
   */
  Launch scratch(Span scratch, long firstByte, int elementBytes);

  /**
   * Sets a 64-bit integer argument.
   *
   * @param value the value
   * @return this
   */
  Launch scalar(long value);

  /**
   * Sets a 32-bit integer argument, with or without sign.
   *
   * @param value the value
   * @return this
   */
  Launch scalar(int value);

  /**
   * Sets a float argument.
   *
   * @param value the value
   * @return this
   */
  Launch scalar(float value);

  /**
   * Sets an argument of one byte without sign.
   *
   * @param value the value
   * @return this
   */
  Launch scalar(byte value);

  /**
   * Enqueues it with the arguments that it was given, {@link Geometry#group} threads a group;
   * nothing for no group.
   *
   * @param groups how many groups of threads
   */
  void enqueue(long groups);
}
