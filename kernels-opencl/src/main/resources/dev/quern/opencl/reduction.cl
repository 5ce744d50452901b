// Sums and greatest elements, of all elements or along an axis.
//
// - Work: a group sums a chunk, each work-item QUERN_REDUCE_ITEMS elements in f32, the group its
//   work-items in f64 in a fixed order (prelude), and leaves one partial sum; a single group then
//   adds the partial sums in f64 and rounds once.
//   Along an axis a work-item sums one part of a line, in f32 over QUERN_AXIS_CHUNK elements and in f64
//   across, and a group a line's parts; of lines enough to fill a device there is one part each. Of n
//   parts each has every nth element, so that neighbours read neighbours however short the axes inside
//   are. The greatest element of a line is found by one work-item; its gradient has a work-item for each element.
// - Tail: elements from n on are left out, which is to add nothing.
// - Deterministic: chunks and orders depend on n and the kind of device only, and nothing is added
//   atomically.

#include "prelude.cl"

#define QUERN_AXIS_CHUNK 256

QUERN_KERNEL void sum_partials(
    __global const float *x,
    const long x_offset,
    __global double *partials,
    const long partials_offset,
    const long n) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  x += x_offset;
  partials += partials_offset;
  float sum = 0.0f;
  long i = quern_chunk_element();
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      sum += x[i];
    }
  }
  double value = sum;
  quern_sum_rows(1, &value, items, rows);
  if (get_local_id(0) == 0) {
    partials[get_group_id(0)] = quern_group_sum(0, rows);
  }
}

// One group.
QUERN_KERNEL void sum_total(
    __global const double *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long count) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  quern_sum_records(1, partials + partials_offset, count, items, rows);
  if (get_local_id(0) == 0) {
    out[out_offset] = (float)quern_group_sum(0, rows);
  }
}

// n: lines times parts. out is null where there are several parts.
QUERN_KERNEL void sum_axis_partials(
    __global const float *x,
    const long x_offset,
    __global double *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long count,
    const long inner,
    const long parts) {
  long id = (long)get_global_id(0);
  if (id < n) {
    long step = parts * inner;
    x += x_offset + id / step * count * inner + id % step;
    double sum = 0.0;
    for (long first = id % step / inner; first < count; first += parts * QUERN_AXIS_CHUNK) {
      long end = min(count, first + parts * QUERN_AXIS_CHUNK);
      float chunk = 0.0f;
      for (long r = first; r < end; r += parts) {
        chunk += *x;
        x += step;
      }
      sum += (double)chunk;
    }
    if (out) {
      out[out_offset + id] = (float)sum;
    } else {
      partials[partials_offset + id] = sum;
    }
  }
}

// A group for each line.
QUERN_KERNEL void sum_axis_total(
    __global const double *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long inner,
    const long parts) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  long line = (long)get_group_id(0);
  partials += partials_offset + line / inner * parts * inner + line % inner;
  double value = 0.0;
  for (long part = (long)get_local_id(0); part < parts; part += QUERN_GROUP) {
    value += partials[part * inner];
  }
  quern_sum_rows(1, &value, items, rows);
  if (get_local_id(0) == 0) {
    out[out_offset + line] = (float)quern_group_sum(0, rows);
  }
}

QUERN_KERNEL void max_axis(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    __global int *places,
    const long places_offset,
    const long n,
    const long count,
    const long inner) {
  long id = (long)get_global_id(0);
  if (id < n) {
    x += x_offset + id / inner * count * inner + id % inner;
    float most = *x;
    int place = 0;
    for (int r = 1; r < count; r++) {
      float value = x[r * inner];
      if (value > most || (value != value && most == most)) {
        most = value;
        place = r;
      }
    }
    out[out_offset + id] = most;
    places[places_offset + id] = place;
  }
}

QUERN_KERNEL void scatter_axis(
    __global const float *values,
    const long values_offset,
    __global const int *places,
    const long places_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long count,
    const long inner) {
  long id = (long)get_global_id(0);
  if (id < n) {
    long line = id / inner / count * inner + id % inner;
    out[out_offset + id] =
        places[places_offset + line] == id / inner % count ? values[values_offset + line] : 0.0f;
  }
}
