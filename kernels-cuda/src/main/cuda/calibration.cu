// Chains of fma, to wait for arithmetic and not for memory.
//
// - Formula: data[i] = fma(data[i], 0.75, 0.125), length times over; nothing is fused.
// - Work: a block takes a tile, a thread a quad of it, whose four chains run side by side.
// - Tail: elements from n on are left alone.
// - Deterministic: an element depends on itself only.

#include "prelude.cuh"

typedef struct {
  float *data;
  long long n;
  int length;
} FmaChainsArgs;

QUERN_KERNEL(fma_chains, FmaChainsArgs) {
  long long i = quern_tile_element();
  QuernQuad x = quern_load(args.data, i, args.n);
  for (int k = 0; k < args.length; k++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      x.v[j] = QUERN_FMA(x.v[j], 0.75f, 0.125f);
    }
  }
  quern_store(x, args.data, i, args.n);
}
