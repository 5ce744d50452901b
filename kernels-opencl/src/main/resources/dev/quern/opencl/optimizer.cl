// Optimizer steps over a flat arena, and the reduction before them that leaves {norm, clip, finite,
// factor, unit} and moves the loss scale.
//
// - Formula: adam.inc, sgd.inc, optimizer.inc.
// - Fused: unscaling, both kinds of clipping, maximize, decay, penalties, state, update and the
//   moving average of the parameters: each element is read and written once, in one launch for all
//   segments. What has no extras runs a copy of the loop without them.
// - Work: the arena is cut into tiles of QUERN_ARENA_TILE elements, each inside one segment, and a
//   tile into chunks; a group takes a chunk and finds its segment by bisection over the segments'
//   first tiles.
// - Tail: a segment's last tile may be short: elements behind its end are left out.
// - Deterministic: elements are independent, and the reduction adds its squares in f64 in an order
//   fixed by the arena's layout.
// - The step numbers must not change while a group may still read them, so a small kernel behind
//   the update advances them.

#include "prelude.cl"
#include "optimizer.inc"
#include "adam.inc"
#include "sgd.inc"

#define QUERN_CHUNKS_OF_TILE (QUERN_ARENA_TILE / QUERN_CHUNK)

// What a step of every optimizer has at its end.
#define QUERN_STEP_OPERANDS \
    __global float *ema, \
    const long ema_offset, \
    __global const uchar *segments, \
    const long segments_offset, \
    __global const uchar *groups, \
    const long groups_offset, \
    __global const float *control, \
    const long control_offset, \
    const int segment_count, \
    const long tile_count

// The elements i of this work-item in its group's chunk, up to end, for one statement.
#define QUERN_EACH(statement) \
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) { \
    if (i < end) { \
      statement; \
    } \
  }

// One step of an optimizer over all segments, the body of its kernel: its parts of a name, what its
// coefficients depend on beside the group (a field of the segment), its extras, and the update of
// element i for some flags: those of the coefficients c, or 0 for a copy without extras.
#define QUERN_STEP(Optimizer, optimizer, field, extras, UPDATE) \
  __local QuernArenaPart part; \
  __local Quern##Optimizer##Coefficients shared; \
  int item = (int)get_local_id(0); \
  control += control_offset; \
  int finite = control[2] != 0.0f; \
  __global const QuernSegment *table = (__global const QuernSegment *)(segments + segments_offset); \
  if (item == 0) { \
    part = quern_arena_part(table, segment_count, tile_count); \
    QuernSegment s = table[part.segment]; \
    Quern##Optimizer##Group group = \
        ((__global const Quern##Optimizer##Group *)(groups + groups_offset))[s.group]; \
    shared = quern_##optimizer##_coefficients(group, s.field, control[4], control[3]); \
  } \
  barrier(CLK_LOCAL_MEM_FENCE); \
  Quern##Optimizer##Coefficients c = shared; \
  parameters += parameters_offset; \
  gradients += gradients_offset; \
  ema += ema_offset; \
  long end = finite ? part.end : part.first; \
  long i = part.first + item; \
  if (!part.active) { \
    if (c.flags & QUERN_FLAG_EMA) { \
      QUERN_EACH(ema[i] = quern_moving_average(ema[i], parameters[i], c.ema_weight)) \
    } \
  } else if (c.flags & extras) { \
    QUERN_EACH(UPDATE(c.flags)) \
  } else { \
    QUERN_EACH(UPDATE(0)) \
  }

// The part of a segment that a group works on.
typedef struct {
  int segment;
  long first;  // its first element in the arena
  long end;    // the element behind its last; first for an empty part
  int active;  // whether it has a gradient
} QuernArenaPart;

// The last segment whose first tile is not behind the tile: segments without elements share their
// first tile with the next one that has some.
QUERN_INLINE QuernArenaPart quern_arena_part(
    __global const QuernSegment *segments, int segment_count, long tile_count) {
  long tile = (long)get_group_id(0) / QUERN_CHUNKS_OF_TILE;
  long chunk = (long)get_group_id(0) % QUERN_CHUNKS_OF_TILE;
  int low = 0;
  int high = segment_count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (segments[middle].first_tile <= tile) {
      low = middle;
    } else {
      high = middle;
    }
  }
  QuernArenaPart part = {low, 0, 0, segments[low].active};
  if (tile < tile_count) {
    QuernSegment s = segments[low];
    long start = (tile - s.first_tile) * QUERN_ARENA_TILE + chunk * QUERN_CHUNK;
    part.first = s.offset + start;
    part.end = s.offset + min(s.length, start + QUERN_CHUNK);
  }
  return part;
}

QUERN_KERNEL void gradient_norm_partials(
    __global const float *gradients,
    const long gradients_offset,
    __global const uchar *segments,
    const long segments_offset,
    __global double *partials,
    const long partials_offset,
    const int segment_count,
    const long tile_count) {
  __local double items[2 * QUERN_GROUP];
  __local double rows[2 * QUERN_ROWS];
  __local QuernArenaPart part;
  int item = (int)get_local_id(0);
  if (item == 0) {
    part =
        quern_arena_part(
            (__global const QuernSegment *)(segments + segments_offset), segment_count,
            tile_count);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  gradients += gradients_offset;
  // {squares, elements that are not finite}
  double values[2] = {0.0};
  long i = part.first + item;
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (part.active && i < part.end) {
      double g = gradients[i];
      // f64 from the start: squares of finite gradients neither overflow nor vanish
      values[0] = fma(g, g, values[0]);
      values[1] += isfinite(g) ? 0.0 : 1.0;
    }
  }
  quern_sum_rows(2, values, items, rows);
  if (item < 2) {
    partials[partials_offset + 2 * (long)get_group_id(0) + item] = quern_group_sum(item, rows);
  }
}

// One group. loss_scale may be null for 1, finite_steps for a scale that stays.
QUERN_KERNEL void gradient_norm_total(
    __global const double *partials,
    const long partials_offset,
    __global float *loss_scale,
    const long loss_scale_offset,
    __global int *finite_steps,
    const long finite_steps_offset,
    __global const uchar *rule,
    const long rule_offset,
    __global float *control,
    const long control_offset,
    const long count) {
  __local double items[2 * QUERN_GROUP];
  __local double rows[2 * QUERN_ROWS];
  quern_sum_records(2, partials + partials_offset, count, items, rows);
  if (get_local_id(0) == 0) {
    control += control_offset;
    QuernGradientRule limits = *(__global const QuernGradientRule *)(rule + rule_offset);
    float scale = loss_scale ? loss_scale[loss_scale_offset] : 1.0f;
    double squares = quern_group_sum(0, rows);
    double not_finite = quern_group_sum(1, rows);
    QuernGradientControl c = quern_gradient_control(squares, not_finite, scale, limits.max_norm);
    control[0] = c.norm;
    control[1] = c.clip;
    control[2] = c.finite;
    control[3] = c.factor;
    control[4] = c.unit;
    if (finite_steps) {
      QuernLossScale now = {scale, finite_steps[finite_steps_offset]};
      QuernLossScale next = quern_next_loss_scale(limits, now, c.finite != 0.0f);
      loss_scale[loss_scale_offset] = next.scale;
      finite_steps[finite_steps_offset] = next.finite_steps;
    }
  }
}

// After a step: its own kernel, as groups of one kernel may still read what others have to change.
QUERN_KERNEL void advance_steps(
    __global uchar *segments,
    const long segments_offset,
    __global const float *control,
    const long control_offset,
    const int segment_count) {
  __global QuernSegment *table = (__global QuernSegment *)(segments + segments_offset);
  int s = (int)get_global_id(0);
  if (control[control_offset + 2] != 0.0f && s < segment_count) {
    table[s].step += table[s].active != 0;
  }
}

// Updates element i of a segment. Flags are those of c, or 0 for a copy without extras.
QUERN_INLINE void quern_adam_at(
    QuernAdamCoefficients c,
    int flags,
    __global float *parameters,
    __global const float *gradients,
    __global float *exp_avg,
    __global float *exp_avg_sq,
    __global float *max_exp_avg_sq,
    __global float *ema,
    long i) {
  float parameter = parameters[i];
  float m = exp_avg[i];
  float v = exp_avg_sq[i];
  float maximum = flags & QUERN_FLAG_AMSGRAD ? max_exp_avg_sq[i] : 0.0f;
  quern_adam_element(c, flags, &parameter, gradients[i], &m, &v, &maximum);
  parameters[i] = parameter;
  exp_avg[i] = m;
  exp_avg_sq[i] = v;
  if (flags & QUERN_FLAG_AMSGRAD) {
    max_exp_avg_sq[i] = maximum;
  }
  if (flags & QUERN_FLAG_EMA) {
    ema[i] = quern_moving_average(ema[i], parameter, c.ema_weight);
  }
}

#define QUERN_ADAM_UPDATE(flags) \
  quern_adam_at(c, flags, parameters, gradients, exp_avg, exp_avg_sq, max_exp_avg_sq, ema, i)

// max_exp_avg_sq may be null if no group uses amsgrad, ema if no average is kept.
QUERN_KERNEL void adam(
    __global float *parameters,
    const long parameters_offset,
    __global const float *gradients,
    const long gradients_offset,
    __global float *exp_avg,
    const long exp_avg_offset,
    __global float *exp_avg_sq,
    const long exp_avg_sq_offset,
    __global float *max_exp_avg_sq,
    const long max_exp_avg_sq_offset,
    QUERN_STEP_OPERANDS) {
  exp_avg += exp_avg_offset;
  exp_avg_sq += exp_avg_sq_offset;
  max_exp_avg_sq += max_exp_avg_sq_offset;
  QUERN_STEP(Adam, adam, step, QUERN_ADAM_EXTRAS, QUERN_ADAM_UPDATE);
}

// The same, and momentum buffers have begun where the group has momentum.
QUERN_KERNEL void advance_sgd_steps(
    __global uchar *segments,
    const long segments_offset,
    __global const uchar *groups,
    const long groups_offset,
    __global const float *control,
    const long control_offset,
    const int segment_count) {
  __global QuernSegment *table = (__global QuernSegment *)(segments + segments_offset);
  __global const QuernSgdGroup *group_table = (__global const QuernSgdGroup *)(groups + groups_offset);
  int s = (int)get_global_id(0);
  if (control[control_offset + 2] != 0.0f && s < segment_count && table[s].active) {
    table[s].step++;
    if (group_table[table[s].group].flags & QUERN_FLAG_MOMENTUM) {
      table[s].buffered = 1;
    }
  }
}

// Updates element i of a segment. Flags are those of c, or 0 for a copy without extras.
QUERN_INLINE void quern_sgd_at(
    QuernSgdCoefficients c,
    int flags,
    __global float *parameters,
    __global const float *gradients,
    __global float *momentum_buffer,
    __global float *ema,
    long i) {
  float parameter = parameters[i];
  float buffer = flags & QUERN_FLAG_MOMENTUM ? momentum_buffer[i] : 0.0f;
  quern_sgd_element(c, flags, &parameter, gradients[i], &buffer);
  parameters[i] = parameter;
  if (flags & QUERN_FLAG_MOMENTUM) {
    momentum_buffer[i] = buffer;
  }
  if (flags & QUERN_FLAG_EMA) {
    ema[i] = quern_moving_average(ema[i], parameter, c.ema_weight);
  }
}

#define QUERN_SGD_UPDATE(flags) \
  quern_sgd_at(c, flags, parameters, gradients, momentum_buffer, ema, i)

// momentum_buffer may be null if no group has momentum, ema if no average is kept.
QUERN_KERNEL void sgd(
    __global float *parameters,
    const long parameters_offset,
    __global const float *gradients,
    const long gradients_offset,
    __global float *momentum_buffer,
    const long momentum_buffer_offset,
    QUERN_STEP_OPERANDS) {
  momentum_buffer += momentum_buffer_offset;
  QUERN_STEP(Sgd, sgd, buffered, QUERN_SGD_EXTRAS, QUERN_SGD_UPDATE);
}
