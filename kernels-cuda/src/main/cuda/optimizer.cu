// The Adam step over a flat arena, and the reduction before it that leaves {norm, clip coefficient,
// finite, 0}. The arena is cut into tiles of QUERN_CHUNK elements, each inside one segment; a block
// takes one tile and finds its segment by bisection over the segments' first tiles. adam fuses
// clipping, maximize, decay, both moments, their maximum and the update: each element is read and
// written once, in one launch for all segments. A segment's last tile may be short: elements behind
// its end are left out. Deterministic: elements are independent, and the reduction adds its squares
// in f64 in an order fixed by the arena's layout. The step numbers must not change while a block may
// still read them: the last block to finish, found by an integer ticket, advances them.

#include "prelude.cuh"

#include "adam.inc"

// The part of a segment that a block works on.
typedef struct {
  int segment;
  long long first;  // its first element in the arena
  long long end;    // the element behind its last; first for an empty part
} QuernArenaPart;

// The last segment whose first tile is not behind the tile: segments without elements share their
// first tile with the next one that has some.
QUERN_INLINE QuernArenaPart quern_arena_part(
    const QuernAdamSegment *segments, int segment_count, long long tile_count) {
  long long tile = blockIdx.x;
  int low = 0;
  int high = segment_count;
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    if (segments[middle].first_tile <= tile) {
      low = middle;
    } else {
      high = middle;
    }
  }
  QuernArenaPart part = {low, 0, 0};
  if (tile < tile_count && segments[low].active) {
    long long start = (tile - segments[low].first_tile) * QUERN_CHUNK;
    long long length = segments[low].length;
    part.first = segments[low].offset + start;
    part.end = segments[low].offset + (start + QUERN_CHUNK < length ? start + QUERN_CHUNK : length);
  }
  return part;
}

typedef struct {
  const float *gradients;
  const QuernAdamSegment *segments;
  double *partials;
  int segment_count;
  long long tile_count;
} GradientNormPartialsArgs;

QUERN_KERNEL(gradient_norm_partials, GradientNormPartialsArgs) {
  __shared__ QuernArenaPart shared_part;
  if (threadIdx.x == 0) {
    shared_part = quern_arena_part(args.segments, args.segment_count, args.tile_count);
  }
  __syncthreads();
  QuernArenaPart part = shared_part;
  QuernQuad quads[QUERN_CHUNK_QUADS];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = part.first + j * QUERN_TILE + threadIdx.x * 4LL;
    quads[j] = quern_load(args.gradients, i, part.end);
  }
  // {squares, elements that are not finite}
  double values[2] = {0.0};
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      // f64 from the start: squares of finite gradients neither overflow nor vanish
      double g = quads[j].v[lane];
      values[0] = fma(g, g, values[0]);
      values[1] += isfinite(g) ? 0.0 : 1.0;
    }
  }
  const double *sums = quern_block_sums(values);
  if (threadIdx.x < 2) {
    args.partials[2LL * blockIdx.x + threadIdx.x] = sums[threadIdx.x];
  }
}

typedef struct {
  const double *partials;
  float *control;
  long long count;
  float max_norm;
} GradientNormTotalArgs;

// One block.
QUERN_KERNEL(gradient_norm_total, GradientNormTotalArgs) {
  const double *sums = quern_sum_records<2>(args.partials, args.count);
  if (threadIdx.x == 0) {
    float norm = (float)sqrt(sums[0]);
    float ratio = args.max_norm / (norm + 1e-6f);
    args.control[0] = norm;
    // a NaN ratio must not reach the update as a factor: not-finite gradients suppress it anyway
    args.control[1] = ratio < 1.0f ? ratio : 1.0f;
    args.control[2] = sums[1] == 0.0 ? 1.0f : 0.0f;
    args.control[3] = 0.0f;
  }
}

typedef struct {
  float *parameters;
  const float *gradients;
  float *exp_avg;
  float *exp_avg_sq;
  float *max_exp_avg_sq;
  QuernAdamSegment *segments;
  const QuernAdamGroup *groups;
  const float *control;
  int *ticket;
  int segment_count;
  long long tile_count;
} AdamArgs;

// max_exp_avg_sq may be null if no group uses amsgrad.
QUERN_KERNEL(adam, AdamArgs) {
  __shared__ QuernArenaPart shared_part;
  __shared__ QuernAdamCoefficients shared_coefficients;
  __shared__ bool last;
  // all blocks see the same word and leave together, before the ticket: it stays 0
  if (args.control[2] == 0.0f) {
    return;
  }
  if (threadIdx.x == 0) {
    shared_part = quern_arena_part(args.segments, args.segment_count, args.tile_count);
    QuernAdamSegment segment = args.segments[shared_part.segment];
    shared_coefficients =
        quern_adam_coefficients(args.groups[segment.group], segment.step, args.control[1]);
  }
  __syncthreads();
  QuernArenaPart part = shared_part;
  QuernAdamCoefficients c = shared_coefficients;
  // the streams are disjoint, so the loads of a quad need not wait for the stores of the one before
  float *__restrict__ parameters = args.parameters;
  const float *__restrict__ gradients = args.gradients;
  float *__restrict__ exp_avg = args.exp_avg;
  float *__restrict__ exp_avg_sq = args.exp_avg_sq;
  float *__restrict__ max_exp_avg_sq = args.max_exp_avg_sq;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = part.first + j * QUERN_TILE + threadIdx.x * 4LL;
    QuernQuad parameter = quern_load(parameters, i, part.end);
    QuernQuad gradient = quern_load(gradients, i, part.end);
    QuernQuad m = quern_load(exp_avg, i, part.end);
    QuernQuad v = quern_load(exp_avg_sq, i, part.end);
    QuernQuad max = {{0.0f, 0.0f, 0.0f, 0.0f}};
    if (c.amsgrad) {
      max = quern_load(max_exp_avg_sq, i, part.end);
    }
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      quern_adam_element(
          c, &parameter.v[lane], gradient.v[lane], &m.v[lane], &v.v[lane], &max.v[lane]);
    }
    quern_store(parameter, parameters, i, part.end);
    quern_store(m, exp_avg, i, part.end);
    quern_store(v, exp_avg_sq, i, part.end);
    if (c.amsgrad) {
      quern_store(max, max_exp_avg_sq, i, part.end);
    }
  }
  if (threadIdx.x == 0) {
    // this block's reading of its step number is done before its ticket is drawn
    __threadfence();
    last = atomicAdd(args.ticket, 1) == (int)gridDim.x - 1;
  }
  __syncthreads();
  if (last) {
    if (threadIdx.x == 0) {
      args.ticket[0] = 0;
    }
    for (int s = (int)threadIdx.x; s < args.segment_count; s += QUERN_THREADS) {
      args.segments[s].step += args.segments[s].active != 0;
    }
  }
}
