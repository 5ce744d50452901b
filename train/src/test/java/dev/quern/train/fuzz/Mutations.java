package dev.quern.train.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/** Damages valid input at random, the same way for the same seed. */
final class Mutations {

  private static final byte[] TELLING =
      "{}[]\":,0-9.eE+ \\unll\0\u007f".getBytes(StandardCharsets.US_ASCII);

  private final Random random;
  private final long seed;

  Mutations(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  /** Feeds so many damaged inputs to a target; a failure names the seed and the number. */
  void feed(int count, byte[] valid, Consumer<byte[]> target) {
    for (int i = 0; i < count; i++) {
      byte[] data = damaged(valid);
      try {
        target.accept(data);
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed %d, mutation %d: %s".formatted(seed, i, Arrays.toString(data)), e);
      }
    }
  }

  private byte[] damaged(byte[] valid) {
    byte[] data = valid.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0 && data.length > 0; changes--) {
      int at = random.nextInt(data.length);
      int length = Math.min(1 + random.nextInt(16), data.length - at);
      switch (random.nextInt(6)) {
        case 0 -> data[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> data[at] = (byte) random.nextInt(256);
        case 2 -> data[at] = TELLING[random.nextInt(TELLING.length)];
        case 3 -> data = Arrays.copyOf(data, at);
        case 4 -> data = spliced(data, at, at + length, new byte[0]);
        default -> {
          int from = random.nextInt(data.length);
          byte[] again = Arrays.copyOfRange(data, from, Math.min(from + length, data.length));
          data = spliced(data, at, at, again);
        }
      }
    }
    return data;
  }

  /** The array with other bytes in place of those from {@code begin} to {@code end}. */
  private static byte[] spliced(byte[] data, int begin, int end, byte[] other) {
    byte[] result = Arrays.copyOf(data, data.length - (end - begin) + other.length);
    System.arraycopy(other, 0, result, begin, other.length);
    System.arraycopy(data, end, result, begin + other.length, data.length - end);
    return result;
  }
}
