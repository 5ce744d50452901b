package dev.quern.bench.peers.loops;

import java.util.stream.IntStream;

/** How a loop over elements is run: whole, or in chunks of a parallel stream. */
interface Sweep {

  /** The loop's body over a range; adds to the sums. */
  interface Part {
    void run(int from, int to, double[] sums);
  }

  /** Elements of a chunk. */
  int CHUNK = 1 << 17;

  /** Runs the part over n elements and returns its sums. */
  double[] over(int n, int sums, Part part);

  /** Sorts upwards. */
  void sort(long[] keys);

  /** One thread. */
  Sweep ONE_THREAD =
      new Sweep() {
        @Override
        public double[] over(int n, int sums, Part part) {
          double[] total = new double[sums];
          part.run(0, n, total);
          return total;
        }

        @Override
        public void sort(long[] keys) {
          java.util.Arrays.sort(keys);
        }
      };

  /** The common pool. */
  Sweep PARALLEL_STREAM =
      new Sweep() {
        @Override
        public double[] over(int n, int sums, Part part) {
          int chunks = (n + CHUNK - 1) / CHUNK;
          if (chunks <= 1) {
            return ONE_THREAD.over(n, sums, part);
          }
          return IntStream.range(0, chunks)
              .parallel()
              .mapToObj(chunk -> {
                double[] of = new double[sums];
                part.run(chunk * CHUNK, Math.min(n, (chunk + 1) * CHUNK), of);
                return of;
              })
              .reduce(new double[sums], Sweep::plus);
        }

        @Override
        public void sort(long[] keys) {
          java.util.Arrays.parallelSort(keys);
        }
      };

  private static double[] plus(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }
}
