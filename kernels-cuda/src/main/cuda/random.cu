// Uniform numbers in [0, 1) from Philox4x32-10.
//
// - Formula: out[i] is element first_element + i of the sequence.
// - Work: a block of the generator gives four elements; a thread draws one block and writes the
//   part of it that lies in out.
// - Tail: the first and the last block of the generator may be cut.
// - Deterministic: a number depends on its counter only.

#include "prelude.cuh"

#include "philox.inc"

typedef struct {
  float *out;
  long long n;
  long long first_element;
  unsigned int seed_low;
  unsigned int seed_high;
  unsigned int stream;
  unsigned int epoch;
  unsigned int sample;
} PhiloxUniformArgs;

QUERN_KERNEL(philox_uniform, PhiloxUniformArgs) {
  long long first_block = args.first_element >> 2;
  long long end_block = (args.first_element + args.n + 3) >> 2;
  long long block = first_block + (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (block < end_block) {
    unsigned int word[4] = {(unsigned int)block, args.sample, args.epoch, args.stream};
    quern_philox(word, args.seed_low, args.seed_high);
    QuernQuad quad;
#pragma unroll
    for (int j = 0; j < 4; j++) {
      quad.v[j] = quern_uniform(word[j]);
    }
    long long i = block * 4 - args.first_element;
    if (i >= 0) {
      quern_store(quad, args.out, i, args.n);
    } else {
      for (int j = 0; j < 4; j++) {
        if (i + j >= 0 && i + j < args.n) {
          args.out[i + j] = quad.v[j];
        }
      }
    }
  }
}
