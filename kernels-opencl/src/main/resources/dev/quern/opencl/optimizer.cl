// The Adam step over a flat arena, and the reduction before it that leaves {norm, clip coefficient,
// finite, 0}. The arena is cut into tiles of QUERN_ADAM_TILE elements, each inside one segment, and a
// tile into chunks; a group takes one chunk and finds its segment by bisection over the segments'
// first tiles. adam fuses clipping, maximize, decay, both moments, their maximum and the update: each
// element is read and written once, in one launch for all segments. A segment's last tile may be
// short: elements behind its end are left out. Deterministic: elements are independent, and the
// reduction adds its squares in f64 in an order fixed by the arena's layout. The step numbers must
// not change while a group may still read them: the last group to finish, found by an integer ticket,
// advances them.

#define QUERN_CHUNKS_OF_TILE (QUERN_ADAM_TILE / QUERN_CHUNK)

// The part of a segment that a group works on.
typedef struct {
  int segment;
  long first;  // its first element in the arena
  long end;    // the element behind its last; first for an empty part
} QuernArenaPart;

// The last segment whose first tile is not behind the tile: segments without elements share their
// first tile with the next one that has some.
QUERN_INLINE QuernArenaPart quern_arena_part(
    __global const QuernAdamSegment *segments, int segment_count, long tile_count) {
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
  QuernArenaPart part = {low, 0, 0};
  if (tile < tile_count) {
    QuernAdamSegment s = segments[low];
    long start = (tile - s.first_tile) * QUERN_ADAM_TILE + chunk * QUERN_CHUNK;
    long end = s.active ? min(s.length, start + QUERN_CHUNK) : start;
    part.first = s.offset + start;
    part.end = s.offset + end;
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
            (__global const QuernAdamSegment *)(segments + segments_offset), segment_count,
            tile_count);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  gradients += gradients_offset;
  // {squares, elements that are not finite}
  double values[2] = {0.0};
  long i = part.first + item;
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (i < part.end) {
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

// One group.
QUERN_KERNEL void gradient_norm_total(
    __global const double *partials,
    const long partials_offset,
    __global float *control,
    const long control_offset,
    const long count,
    const float max_norm) {
  __local double items[2 * QUERN_GROUP];
  __local double rows[2 * QUERN_ROWS];
  quern_sum_records(2, partials + partials_offset, count, items, rows);
  if (get_local_id(0) == 0) {
    control += control_offset;
    float norm = (float)sqrt(quern_group_sum(0, rows));
    float ratio = max_norm / (norm + 1e-6f);
    control[0] = norm;
    // a NaN ratio must not reach the update as a factor: not-finite gradients suppress it anyway
    control[1] = ratio < 1.0f ? ratio : 1.0f;
    control[2] = quern_group_sum(1, rows) == 0.0 ? 1.0f : 0.0f;
    control[3] = 0.0f;
  }
}

// max_exp_avg_sq may be null if no group uses amsgrad.
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
    __global uchar *segments,
    const long segments_offset,
    __global const uchar *groups,
    const long groups_offset,
    __global const float *control,
    const long control_offset,
    __global int *ticket,
    const long ticket_offset,
    const int segment_count,
    const long tile_count) {
  __local QuernArenaPart part;
  __local QuernAdamCoefficients shared;
  __local int last;
  int item = (int)get_local_id(0);
  control += control_offset;
  int finite = control[2] != 0.0f;
  __global QuernAdamSegment *table = (__global QuernAdamSegment *)(segments + segments_offset);
  if (item == 0) {
    part = quern_arena_part(table, segment_count, tile_count);
    QuernAdamSegment s = table[part.segment];
    QuernAdamGroup group = ((__global const QuernAdamGroup *)(groups + groups_offset))[s.group];
    shared = quern_adam_coefficients(group, s.step, control[1]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  QuernAdamCoefficients c = shared;
  long i = part.first + item;
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (finite && i < part.end) {
      float parameter = parameters[parameters_offset + i];
      float m = exp_avg[exp_avg_offset + i];
      float v = exp_avg_sq[exp_avg_sq_offset + i];
      float maximum = c.amsgrad ? max_exp_avg_sq[max_exp_avg_sq_offset + i] : 0.0f;
      quern_adam_element(c, &parameter, gradients[gradients_offset + i], &m, &v, &maximum);
      parameters[parameters_offset + i] = parameter;
      exp_avg[exp_avg_offset + i] = m;
      exp_avg_sq[exp_avg_sq_offset + i] = v;
      if (c.amsgrad) {
        max_exp_avg_sq[max_exp_avg_sq_offset + i] = maximum;
      }
    }
  }
  if (item == 0) {
    // this group's reading of its step number is done before its ticket is drawn
    mem_fence(CLK_GLOBAL_MEM_FENCE);
    last = atomic_inc(ticket + ticket_offset) == (int)get_num_groups(0) - 1;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (last) {
    if (item == 0) {
      ticket[ticket_offset] = 0;
    }
    for (int s = item; finite && s < segment_count; s += QUERN_GROUP) {
      table[s].step += table[s].active != 0;
    }
  }
}
