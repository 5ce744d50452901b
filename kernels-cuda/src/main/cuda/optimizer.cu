// Optimizer steps over a flat arena, and the reduction before them that leaves {norm, clip, finite,
// factor, unit} and moves the loss scale.
//
// - Formula: adam.inc, sgd.inc, optimizer.inc.
// - Fused: unscaling, both kinds of clipping, maximize, decay, penalties, state, update and the
//   moving average of the parameters: each element is read and written once, in one launch for all
//   segments. What has no extras runs a copy of the loop without them.
// - Work: the arena is cut into tiles of QUERN_CHUNK elements, each inside one segment; a block
//   takes a tile and finds its segment by bisection over the segments' first tiles. Parameters and
//   gradients may lie outside the arena, where a table of pointers says.
// - Tail: a segment's last tile may be short: elements behind its end are left out.
// - Deterministic: elements are independent, and the reduction adds its squares in f64 in an order
//   fixed by the arena's layout.
// - The step numbers must not change while a block may still read them: the last block to finish,
//   found by an integer ticket, advances them.

#include "prelude.cuh"

#include "optimizer.inc"

#include "adam.inc"
#include "sgd.inc"

// The part of a segment that a block works on.
typedef struct {
  int segment;
  long long offset;  // the segment's first element in the arena
  long long first;   // the part's
  long long end;     // the element behind its last; first for an empty part
  int active;        // whether it has a gradient
} QuernArenaPart;

// Where parameter and gradient of a segment start that do not lie in the arena.
typedef struct {
  float *parameters;
  const float *gradients;
} QuernPointers;

// The pointer that an element's index in the arena is added to.
QUERN_INLINE float *quern_parameters(
    float *arena, const QuernPointers *pointers, QuernArenaPart part) {
  return pointers ? pointers[part.segment].parameters - part.offset : arena;
}

QUERN_INLINE const float *quern_gradients(
    const float *arena, const QuernPointers *pointers, QuernArenaPart part) {
  return pointers ? pointers[part.segment].gradients - part.offset : arena;
}

// The last segment whose first tile is not behind the tile: segments without elements share their
// first tile with the next one that has some.
QUERN_INLINE QuernArenaPart quern_arena_part(
    const QuernSegment *segments, int segment_count, long long tile_count) {
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
  QuernArenaPart part = {low, segments[low].offset, 0, 0, segments[low].active};
  if (tile < tile_count) {
    long long start = (tile - segments[low].first_tile) * QUERN_CHUNK;
    long long length = segments[low].length;
    part.first = segments[low].offset + start;
    part.end = segments[low].offset + (start + QUERN_CHUNK < length ? start + QUERN_CHUNK : length);
  }
  return part;
}

typedef struct {
  const float *gradients;
  const QuernSegment *segments;
  const QuernPointers *pointers;
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
  if (!part.active) {
    part.end = part.first;
  }
  const float *gradients = quern_gradients(args.gradients, args.pointers, part);
  QuernQuad quads[QUERN_CHUNK_QUADS];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = part.first + j * QUERN_TILE + threadIdx.x * 4LL;
    quads[j] = quern_load(gradients, i, part.end);
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
  float *loss_scale;
  int *finite_steps;
  const QuernGradientRule *rule;
  float *control;
  long long count;
} GradientNormTotalArgs;

// One block. loss_scale may be null for 1, finite_steps for a scale that stays.
QUERN_KERNEL(gradient_norm_total, GradientNormTotalArgs) {
  const double *sums = quern_sum_records<2>(args.partials, args.count);
  if (threadIdx.x == 0) {
    float scale = args.loss_scale ? args.loss_scale[0] : 1.0f;
    QuernGradientRule rule = *args.rule;
    QuernGradientControl c = quern_gradient_control(sums[0], sums[1], scale, rule.max_norm);
    args.control[0] = c.norm;
    args.control[1] = c.clip;
    args.control[2] = c.finite;
    args.control[3] = c.factor;
    args.control[4] = c.unit;
    if (args.finite_steps) {
      QuernLossScale now = {scale, args.finite_steps[0]};
      QuernLossScale next = quern_next_loss_scale(rule, now, c.finite != 0.0f);
      args.loss_scale[0] = next.scale;
      args.finite_steps[0] = next.finite_steps;
    }
  }
}

// The last block to finish advances the step numbers of the active segments, and says which momentum
// buffers hold something now; sgd_groups is null for another optimizer. Called by whole blocks.
QUERN_INLINE void quern_advance_steps(
    QuernSegment *segments, int segment_count, int *ticket, const QuernSgdGroup *sgd_groups) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    // this block's reading of its step number is done before its ticket is drawn
    __threadfence();
    last = atomicAdd(ticket, 1) == (int)gridDim.x - 1;
  }
  __syncthreads();
  if (last) {
    if (threadIdx.x == 0) {
      ticket[0] = 0;
    }
    for (int s = (int)threadIdx.x; s < segment_count; s += QUERN_THREADS) {
      segments[s].step += segments[s].active != 0;
      if (sgd_groups && segments[s].active
          && (sgd_groups[segments[s].group].flags & QUERN_FLAG_MOMENTUM)) {
        segments[s].buffered = 1;
      }
    }
  }
}

// Moves the average of a quad of parameters.
QUERN_INLINE void quern_average_quad(
    QuernQuad parameter, float *ema, float weight, long long i, long long end) {
  QuernQuad average = quern_load(ema, i, end);
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    average.v[lane] = quern_moving_average(average.v[lane], parameter.v[lane], weight);
  }
  quern_store(average, ema, i, end);
}

// All that happens to a tile of a segment that has no gradient.
QUERN_INLINE void quern_average_tile(
    QuernArenaPart part, int flags, float weight, const float *parameters, float *ema) {
  if (flags & QUERN_FLAG_EMA) {
    for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
      long long i = part.first + j * QUERN_TILE + threadIdx.x * 4LL;
      quern_average_quad(quern_load(parameters, i, part.end), ema, weight, i, part.end);
    }
  }
}

// Updates a tile of an active segment. An optimizer has up to three streams of state beside parameters
// and gradients, and keeps each for some flags. Flags are those of c, or 0 for a copy without extras.
template <class Optimizer>
QUERN_INLINE void quern_update_tile(
    const typename Optimizer::Args &args,
    QuernArenaPart part,
    const typename Optimizer::Coefficients &c,
    int flags) {
  // the streams are disjoint, so the loads of a quad need not wait for the stores of the one before
  float *__restrict__ parameters = quern_parameters(args.parameters, args.pointers, part);
  const float *__restrict__ gradients = quern_gradients(args.gradients, args.pointers, part);
  float *__restrict__ first = Optimizer::state(args, 0);
  float *__restrict__ second = Optimizer::state(args, 1);
  float *__restrict__ third = Optimizer::state(args, 2);
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = part.first + j * QUERN_TILE + threadIdx.x * 4LL;
    QuernQuad zeros = {{0.0f, 0.0f, 0.0f, 0.0f}};
    QuernQuad parameter = quern_load(parameters, i, part.end);
    QuernQuad gradient = quern_load(gradients, i, part.end);
    QuernQuad u = Optimizer::keeps(0, flags) ? quern_load(first, i, part.end) : zeros;
    QuernQuad v = Optimizer::keeps(1, flags) ? quern_load(second, i, part.end) : zeros;
    QuernQuad w = Optimizer::keeps(2, flags) ? quern_load(third, i, part.end) : zeros;
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      Optimizer::update(
          c, flags, &parameter.v[lane], gradient.v[lane], &u.v[lane], &v.v[lane], &w.v[lane]);
    }
    quern_store(parameter, parameters, i, part.end);
    if (Optimizer::keeps(0, flags)) {
      quern_store(u, first, i, part.end);
    }
    if (Optimizer::keeps(1, flags)) {
      quern_store(v, second, i, part.end);
    }
    if (Optimizer::keeps(2, flags)) {
      quern_store(w, third, i, part.end);
    }
    if (flags & QUERN_FLAG_EMA) {
      quern_average_quad(parameter, args.ema, c.ema_weight, i, part.end);
    }
  }
}

// One step of an optimizer over all segments.
template <class Optimizer>
QUERN_INLINE void quern_step(const typename Optimizer::Args &args) {
  __shared__ QuernArenaPart shared_part;
  __shared__ typename Optimizer::Coefficients shared_coefficients;
  // all blocks see the same word and leave together, before the ticket: it stays 0
  if (args.control[2] == 0.0f) {
    return;
  }
  if (threadIdx.x == 0) {
    shared_part = quern_arena_part(args.segments, args.segment_count, args.tile_count);
    QuernSegment segment = args.segments[shared_part.segment];
    shared_coefficients =
        Optimizer::coefficients(
            args.groups[segment.group], segment, args.control[4], args.control[3]);
  }
  __syncthreads();
  QuernArenaPart part = shared_part;
  typename Optimizer::Coefficients c = shared_coefficients;
  if (!part.active) {
    quern_average_tile(
        part, c.flags, c.ema_weight, quern_parameters(args.parameters, args.pointers, part), args.ema);
  } else if (c.flags & Optimizer::EXTRAS) {
    quern_update_tile<Optimizer>(args, part, c, c.flags);
  } else {
    quern_update_tile<Optimizer>(args, part, c, 0);
  }
  quern_advance_steps(
      args.segments, args.segment_count, args.ticket, Optimizer::buffer_groups(args));
}

typedef struct {
  float *parameters;
  const float *gradients;
  float *exp_avg;
  float *exp_avg_sq;
  float *max_exp_avg_sq;
  float *ema;
  QuernSegment *segments;
  const QuernPointers *pointers;
  const QuernAdamGroup *groups;
  const float *control;
  int *ticket;
  int segment_count;
  long long tile_count;
} AdamArgs;

struct QuernAdam {
  typedef AdamArgs Args;
  typedef QuernAdamCoefficients Coefficients;
  static const int EXTRAS = QUERN_ADAM_EXTRAS;

  QUERN_INLINE float *state(const AdamArgs &args, int stream) {
    return stream == 0 ? args.exp_avg : stream == 1 ? args.exp_avg_sq : args.max_exp_avg_sq;
  }

  QUERN_INLINE bool keeps(int stream, int flags) {
    return stream < 2 || (flags & QUERN_FLAG_AMSGRAD);
  }

  QUERN_INLINE QuernAdamCoefficients coefficients(
      QuernAdamGroup group, QuernSegment segment, float unit, float factor) {
    return quern_adam_coefficients(group, segment.step, unit, factor);
  }

  QUERN_INLINE void update(
      const QuernAdamCoefficients &c,
      int flags,
      float *parameter,
      float gradient,
      float *exp_avg,
      float *exp_avg_sq,
      float *max_exp_avg_sq) {
    quern_adam_element(c, flags, parameter, gradient, exp_avg, exp_avg_sq, max_exp_avg_sq);
  }

  QUERN_INLINE const QuernSgdGroup *buffer_groups(const AdamArgs &) {
    return (const QuernSgdGroup *)0;
  }
};

// pointers may be null if all lies in the arena, max_exp_avg_sq if no group uses amsgrad, ema if no
// average is kept.
QUERN_KERNEL(adam, AdamArgs) {
  quern_step<QuernAdam>(args);
}

typedef struct {
  float *parameters;
  const float *gradients;
  float *momentum_buffer;
  float *ema;
  QuernSegment *segments;
  const QuernPointers *pointers;
  const QuernSgdGroup *groups;
  const float *control;
  int *ticket;
  int segment_count;
  long long tile_count;
} SgdArgs;

struct QuernSgd {
  typedef SgdArgs Args;
  typedef QuernSgdCoefficients Coefficients;
  static const int EXTRAS = QUERN_SGD_EXTRAS;

  QUERN_INLINE float *state(const SgdArgs &args, int stream) {
    return stream == 0 ? args.momentum_buffer : 0;
  }

  QUERN_INLINE bool keeps(int stream, int flags) {
    return stream == 0 && (flags & QUERN_FLAG_MOMENTUM);
  }

  QUERN_INLINE QuernSgdCoefficients coefficients(
      QuernSgdGroup group, QuernSegment segment, float unit, float factor) {
    return quern_sgd_coefficients(group, segment.buffered, unit, factor);
  }

  QUERN_INLINE void update(
      const QuernSgdCoefficients &c,
      int flags,
      float *parameter,
      float gradient,
      float *momentum_buffer,
      float *,
      float *) {
    quern_sgd_element(c, flags, parameter, gradient, momentum_buffer);
  }

  QUERN_INLINE const QuernSgdGroup *buffer_groups(const SgdArgs &args) {
    return args.groups;
  }
};

// pointers may be null if all lies in the arena, momentum_buffer if no group has momentum, ema if no
// average is kept.
QUERN_KERNEL(sgd, SgdArgs) {
  quern_step<QuernSgd>(args);
}
