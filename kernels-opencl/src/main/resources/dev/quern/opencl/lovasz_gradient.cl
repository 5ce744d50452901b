// Lovasz losses, from the sorted lists (lovasz_lists.cl) on.
//
// - Formula: the step of the Jaccard loss at each element, from the foreground counted before it
//   (lovasz.inc); the loss, their dot product; the gradient, scattered back to where the pixel was.
// - Work: a group takes a chunk. The foreground of every chunk is counted, lovasz_scan of
//   lovasz_sort.cl sums it up over the chunks before, and within the chunk the group scans it; a
//   list of one chunk needs only the last.
// - Tail: what was dropped or lies behind the end keeps the gradient it was cleared to.
// - Deterministic: counts are exact, a chunk's losses are summed in f64 in a fixed order, and those
//   of the chunks by one group; the only atomics are of integers.

#include "prelude.cl"
#include "math.inc"
#include "lovasz.inc"
#include "lovasz_lists.cl"

// The foreground of each chunk of the sorted lists.
QUERN_KERNEL void lovasz_foreground(
    __global const uint *keys,
    const long keys_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    __global uint *counts,
    const long counts_offset,
    const long length,
    const long chunks) {
  __local uint foreground;
  int elements = lovasz_chunk_elements(lists + lists_offset, length, chunks, 1);
  if (elements == 0) {
    return;
  }
  int item = (int)get_local_id(0);
  if (item == 0) {
    foreground = 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  keys += keys_offset + lovasz_chunk_start(length, chunks);
  uint own = 0;
  for (int i = item; i < elements; i += QUERN_GROUP) {
    own += keys[i] >> 31;
  }
  atomic_add(&foreground, own);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    counts[counts_offset + get_group_id(0)] = foreground;
  }
}

// The loss of each chunk of the sorted lists, and its gradient unless that is null: with respect to
// the logits of the hinge, else to the probabilities. counts holds the foreground of the chunks
// before, null if lists have one chunk.
QUERN_KERNEL void lovasz_gradient(
    __global const uint *keys,
    const long keys_offset,
    __global const uint *payloads,
    const long payloads_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    __global const uint *counts,
    const long counts_offset,
    __global const int *classes,
    const long classes_offset,
    __global const float *upstream,
    const long upstream_offset,
    __global float *gradient,
    const long gradient_offset,
    __global double *partials,
    const long partials_offset,
    const long length,
    const long chunks,
    const long pixels,
    const int class_count,
    const int list_classes) {
  __local uint foreground_before[QUERN_SORT_CHUNK];
  __local uint sums[QUERN_GROUP];
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  lists += lists_offset;
  int elements = lovasz_chunk_elements(lists, length, chunks, 1);
  if (elements == 0) {
    return;
  }
  int item = (int)get_local_id(0);
  long group = (long)get_group_id(0);
  long list = group / chunks;
  uint first = (uint)(group % chunks * QUERN_SORT_CHUNK);
  keys += keys_offset + lovasz_chunk_start(length, chunks);
  payloads += payloads_offset + lovasz_chunk_start(length, chunks);
  for (int i = item; i < QUERN_SORT_CHUNK; i += QUERN_GROUP) {
    foreground_before[i] = i < elements ? keys[i] >> 31 : 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  lovasz_scan_group(foreground_before, QUERN_SORT_ITEMS, sums);
  uint foreground = lists[list].foreground;
  uint chunks_before = counts ? counts[counts_offset + group] : 0;
  double factor = gradient ? lists[list].weight * upstream[upstream_offset] : 0.0;
  int c = (int)(list % list_classes);
  c = classes ? classes[classes_offset + c] : c;
  long first_image = list / list_classes * (length / pixels);
  double loss = 0.0;
  for (int i = item; i < elements; i += QUERN_GROUP) {
    uint key = keys[i];
    float error = quern_lovasz_key_error(key);
    double step =
        quern_lovasz_step(
            key >> 31, foreground, first + (uint)i, chunks_before + foreground_before[i]);
    loss += quern_lovasz_share(error, step);
    if (gradient) {
      uint payload = payloads[i];
      uint index = payload >> 1;
      long image = first_image + index / (uint)pixels;
      float g = (float)((payload & 1 ? -step : step) * factor);
      gradient[gradient_offset + (image * class_count + c) * pixels + index % (uint)pixels] =
          error == error ? g : error;
    }
  }
  quern_sum_rows(1, &loss, items, rows);
  if (item == 0) {
    partials[partials_offset + group] = quern_group_sum(0, rows);
  }
}

// One group. count is the number of chunks of all lists.
QUERN_KERNEL void lovasz_total(
    __global const double *partials,
    const long partials_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    __global float *value,
    const long value_offset,
    __global long *fault,
    const long fault_offset,
    const long list_count,
    const long length,
    const long chunks,
    const int list_classes) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  __local long fault_items[QUERN_GROUP];
  partials += partials_offset;
  lists += lists_offset;
  int item = (int)get_local_id(0);
  double loss = 0.0;
  for (long r = item; r < list_count * chunks; r += QUERN_GROUP) {
    QuernLovaszList list = lists[r / chunks];
    if (r % chunks * QUERN_SORT_CHUNK < (long)list.kept) {
      loss += list.weight * partials[r];
    }
  }
  quern_sum_rows(1, &loss, items, rows);
  long least = LONG_MAX;
  for (long image = item; image < list_count / list_classes; image += QUERN_GROUP) {
    uint index = lists[image * list_classes].fault;
    if (index != QUERN_LOVASZ_NO_FAULT) {
      least = min(least, image * length + (long)index);
    }
  }
  least = quern_group_least(least, fault_items);
  if (item == 0) {
    value[value_offset] = (float)quern_group_sum(0, rows);
    fault[fault_offset] = min(fault[fault_offset], least);
  }
}
