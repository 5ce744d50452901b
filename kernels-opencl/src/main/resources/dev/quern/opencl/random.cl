// Uniform numbers in [0, 1) from Philox4x32-10.
//
// - Formula: out[i] is element first_element + i of the sequence.
// - Work: a block of the generator gives four elements; a work-item draws one block and writes the
//   part of it that lies in out.
// - Tail: the first and the last block of the generator may be cut.
// - Deterministic: a number depends on its counter only.

#include "prelude.cl"
#include "philox.inc"

QUERN_KERNEL void philox_uniform(
    __global float *out,
    const long out_offset,
    const long n,
    const long first_element,
    const uint seed_low,
    const uint seed_high,
    const uint stream,
    const uint epoch,
    const uint sample) {
  out += out_offset;
  long first_block = first_element >> 2;
  long end_block = (first_element + n + 3) >> 2;
  long block = first_block + (long)get_global_id(0);
  if (block < end_block) {
    uint word[4] = {(uint)block, sample, epoch, stream};
    quern_philox(word, seed_low, seed_high);
    for (int j = 0; j < 4; j++) {
      long i = block * 4 + j - first_element;
      if (i >= 0 && i < n) {
        out[i] = quern_uniform(word[j]);
      }
    }
  }
}
