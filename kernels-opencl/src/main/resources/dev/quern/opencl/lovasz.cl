// Lovasz losses of many lists at once: a list is one class of an image, or of the whole batch (hinge:
// all channels). Per list: the errors of its pixels, sorted in descending order with the label packed
// along (lovasz.inc); the step of the Jaccard loss at each, from the foreground counted before it;
// the loss, their dot product; the gradient, scattered back to where the pixel was.
//
// Lists have equal lengths and lie one behind the other, so a chunk of QUERN_SORT_CHUNK elements, the
// work of one group, finds its list by division, and every kernel serves all lists in one launch. The
// sort is by digits of 8 bits from the lowest up, four passes between two halves of scratch memory,
// each of them: the digits of every chunk are counted; per list and digit the counts are summed up
// over the chunks; every chunk moves its elements. Elements of equal digits keep their order: within
// a chunk an element's rank is counted from bit masks of the work-items that hold the same digit, so
// no order of execution matters. The first pass drops pixels without loss or gradient (ignored,
// faulty, error 0 or below), and lists that are not averaged; their number stays on the device, and
// the chunks behind it return at once. A list of one chunk needs neither counts nor sums. Where fewer
// elements are left than a chunk has, those missing take no part.
//
// Deterministic, as orders depend on the extent only; the only atomics are of integers: counts, masks
// and a minimum.

// Work-items' elements in a chunk; words of a mask of the group.
#define QUERN_SORT_ITEMS (QUERN_SORT_CHUNK / QUERN_GROUP)
#define QUERN_MASK_WORDS ((QUERN_GROUP + 31) / 32)
#define QUERN_DIGITS 256

// The highest digit leaves out bit 31, which is not part of the error.
QUERN_INLINE int lovasz_digit(uint key, int shift) {
  return (int)((key & QUERN_LOVASZ_DROPPED) >> shift & (QUERN_DIGITS - 1));
}

// How many elements of a chunk take part in a pass; the first pass meets the dropped ones too.
QUERN_INLINE int lovasz_chunk_elements(
    __global const QuernLovaszList *lists, long length, long chunks, int compacted) {
  long group = (long)get_group_id(0);
  long first = group % chunks * QUERN_SORT_CHUNK;
  uint kept = lists[group / chunks].kept;
  long end = compacted || kept == 0 ? (long)kept : length;
  return (int)clamp(end - first, 0L, (long)QUERN_SORT_CHUNK);
}

// The first element of this group's chunk.
QUERN_INLINE long lovasz_chunk_start(long length, long chunks) {
  long group = (long)get_group_id(0);
  return group / chunks * length + group % chunks * QUERN_SORT_CHUNK;
}

// Replaces values[items * QUERN_GROUP] by the sums of those before each, and returns the sum of all.
// Called by the whole group; sums holds QUERN_GROUP values.
QUERN_INLINE uint lovasz_scan_group(__local uint *values, int items, __local uint *sums) {
  int item = (int)get_local_id(0);
  uint own = 0;
  for (int i = 0; i < items; i++) {
    own += values[item * items + i];
  }
  sums[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int distance = 1; distance < QUERN_GROUP; distance *= 2) {
    uint other = item >= distance ? sums[item - distance] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    sums[item] += other;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  uint before = sums[item] - own;
  for (int i = 0; i < items; i++) {
    uint value = values[item * items + i];
    values[item * items + i] = before;
    before += value;
  }
  uint all = sums[QUERN_GROUP - 1];
  barrier(CLK_LOCAL_MEM_FENCE);
  return all;
}

// Empties the lists, and the gradient unless it is null, which has n elements.
QUERN_KERNEL void lovasz_clear(
    __global QuernLovaszList *lists,
    const long lists_offset,
    __global float *gradient,
    const long gradient_offset,
    const long list_count,
    const long n) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < list_count) {
      QuernLovaszList list = {0.0, 0, 0, QUERN_LOVASZ_NO_FAULT, {0, 0, 0}};
      lists[lists_offset + i] = list;
    }
    if (gradient && i < n) {
      gradient[gradient_offset + i] = 0.0f;
    }
  }
}

// The keys of one pixel in the lists of all classes, and, where kept, its index in them with bit 0
// for a falling error. classes names the class of each list of an image, null if all are listed.
QUERN_KERNEL void lovasz_errors(
    __global const float *logits,
    const long logits_offset,
    __global const void *target,
    const long target_offset,
    __global const int *classes,
    const long classes_offset,
    __global uint *keys,
    const long keys_offset,
    __global uint *payloads,
    const long payloads_offset,
    __global QuernLovaszList *lists,
    const long lists_offset,
    const long n,
    const long length,
    const long pixels,
    const long ignored,
    const int ignores,
    const int target_dtype,
    const int kind,
    const int class_count,
    const int list_classes) {
  long t = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, t += QUERN_GROUP) {
    if (t < n) {
      int labels = kind == QUERN_LOVASZ_HINGE ? 2 : class_count;
      int label =
          quern_valid_label(target, target_dtype, target_offset + t, ignores, ignored, labels);
      int valid = label >= 0;
      long first_list = t / length * list_classes;
      uint index = (uint)(t % length);
      if (label == QUERN_LABEL_FAULTY) {
        atomic_min(&lists[lists_offset + first_list].fault, index);
      }
      __global const float *pixel =
          logits + logits_offset + t / pixels * pixels * class_count + t % pixels;
      float greatest = 0.0f;
      float inverse = 1.0f;
      if (valid && kind == QUERN_LOVASZ_SOFTMAX) {
        inverse = quern_softmax_inverse(pixel, class_count, pixels, &greatest);
      }
      for (int list = 0; list < list_classes; list++) {
        uint key = QUERN_LOVASZ_DROPPED;
        long place = (first_list + list) * length + index;
        if (valid) {
          int c = classes ? classes[classes_offset + list] : list;
          int foreground = label == (kind == QUERN_LOVASZ_HINGE ? 1 : c);
          float x = pixel[c * pixels];
          x = kind == QUERN_LOVASZ_SOFTMAX ? quern_exp(x - greatest) * inverse : x;
          int falling;
          float error = quern_lovasz_error(kind, x, foreground, &falling);
          key = quern_lovasz_key(error, foreground);
          if (quern_lovasz_is_kept(key)) {
            payloads[payloads_offset + place] = index << 1 | (uint)falling;
          }
        }
        keys[keys_offset + place] = key;
      }
    }
  }
}

// How often each digit is in each chunk: counts[list, digit, chunk], null if lists have one chunk.
// The first pass also counts what is kept and the foreground of each list.
QUERN_KERNEL void lovasz_histogram(
    __global const uint *keys,
    const long keys_offset,
    __global QuernLovaszList *lists,
    const long lists_offset,
    __global uint *counts,
    const long counts_offset,
    const long length,
    const long chunks,
    const int shift) {
  __local uint digits[QUERN_DIGITS];
  __local uint kept;
  __local uint foreground;
  lists += lists_offset;
  int item = (int)get_local_id(0);
  long group = (long)get_group_id(0);
  long list = group / chunks;
  int elements =
      shift == 0
          ? (int)min((long)QUERN_SORT_CHUNK, length - group % chunks * QUERN_SORT_CHUNK)
          : lovasz_chunk_elements(lists, length, chunks, 1);
  if (elements == 0) {
    return;
  }
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    digits[d] = 0;
  }
  if (item == 0) {
    kept = 0;
    foreground = 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  keys += keys_offset + lovasz_chunk_start(length, chunks);
  uint own_kept = 0;
  uint own_foreground = 0;
  for (int i = item; i < elements; i += QUERN_GROUP) {
    uint key = keys[i];
    own_foreground += key >> 31;
    if (quern_lovasz_is_kept(key)) {
      own_kept++;
      atomic_inc(&digits[lovasz_digit(key, shift)]);
    }
  }
  if (shift == 0) {
    atomic_add(&kept, own_kept);
    atomic_add(&foreground, own_foreground);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (shift == 0 && item == 0) {
    atomic_add(&lists[list].kept, kept);
    atomic_add(&lists[list].foreground, foreground);
  }
  if (counts) {
    for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
      counts[counts_offset + (list * QUERN_DIGITS + d) * chunks + group % chunks] = digits[d];
    }
  }
}

// The weight of each list: 1 / (images times the classes averaged in its image), or 0 for a class
// that is absent where only present ones count; such a list is dropped.
QUERN_KERNEL void lovasz_weights(
    __global QuernLovaszList *lists,
    const long lists_offset,
    const long list_count,
    const int list_classes,
    const int present_only) {
  lists += lists_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < list_count) {
      long first = i - i % list_classes;
      int averaged = present_only ? 0 : list_classes;
      for (int c = 0; present_only && c < list_classes; c++) {
        averaged += lists[first + c].foreground > 0;
      }
      if (present_only && lists[i].foreground == 0) {
        lists[i].kept = 0;
      } else {
        lists[i].weight = 1.0 / ((double)(list_count / list_classes) * averaged);
      }
    }
  }
}

// Replaces each row of counts, one number per chunk, by the sums of those before, and leaves its sum
// in totals unless that is null. A row is taken by lanes work-items, a power of two.
QUERN_KERNEL void lovasz_scan(
    __global uint *counts,
    const long counts_offset,
    __global uint *totals,
    const long totals_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    const long rows,
    const long chunks,
    const int rows_per_list,
    const int lanes,
    const int compacted) {
  __local uint sums[QUERN_GROUP];
  int item = (int)get_local_id(0);
  int lane = item % lanes;
  long row = (long)get_group_id(0) * (QUERN_GROUP / lanes) + item / lanes;
  long filled = 0;
  if (row < rows) {
    uint kept = lists[lists_offset + row / rows_per_list].kept;
    filled = compacted || kept == 0
        ? ((long)kept + QUERN_SORT_CHUNK - 1) / QUERN_SORT_CHUNK
        : chunks;
  }
  counts += counts_offset + row * chunks;
  uint before = 0;
  for (long first = 0; first < chunks; first += lanes) {
    long chunk = first + lane;
    uint own = chunk < filled ? counts[chunk] : 0;
    sums[item] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int distance = 1; distance < lanes; distance *= 2) {
      uint other = lane >= distance ? sums[item - distance] : 0;
      barrier(CLK_LOCAL_MEM_FENCE);
      sums[item] += other;
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (chunk < filled) {
      counts[chunk] = before + sums[item] - own;
    }
    before += sums[item - lane + lanes - 1];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (totals && row < rows && lane == 0) {
    totals[totals_offset + row] = before;
  }
}

// Moves the elements of a chunk to where a digit's elements of all chunks before, and those of lower
// digits, end. They are put in order in local memory first, so that neighbours are written together.
QUERN_KERNEL void lovasz_scatter(
    __global const uint *keys,
    const long keys_offset,
    __global const uint *payloads,
    const long payloads_offset,
    __global uint *sorted_keys,
    const long sorted_keys_offset,
    __global uint *sorted_payloads,
    const long sorted_payloads_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    __global const uint *counts,
    const long counts_offset,
    __global const uint *totals,
    const long totals_offset,
    const long length,
    const long chunks,
    const int shift) {
  __local uint masks[QUERN_MASK_WORDS * QUERN_DIGITS];
  __local uint starts[QUERN_DIGITS];
  __local uint moves[QUERN_DIGITS];
  __local uint sums[QUERN_GROUP];
  __local uint exchanged[QUERN_SORT_CHUNK];
  int elements = lovasz_chunk_elements(lists + lists_offset, length, chunks, shift > 0);
  if (elements == 0) {
    return;
  }
  int item = (int)get_local_id(0);
  int word = item / 32;
  uint bit = 1u << item % 32;
  long group = (long)get_group_id(0);
  long list = group / chunks;
  long start = lovasz_chunk_start(length, chunks);
  keys += keys_offset + start;
  payloads += payloads_offset + start;
  sorted_keys += sorted_keys_offset + list * length;
  sorted_payloads += sorted_payloads_offset + list * length;
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    starts[d] = 0;
    for (int w = 0; w < QUERN_MASK_WORDS; w++) {
      masks[w * QUERN_DIGITS + d] = 0;
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  // ranks among the chunk's elements of the same digit; starts counts the rows done
  uint own[QUERN_SORT_ITEMS];
  uint ranks[QUERN_SORT_ITEMS];
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    own[j] = i < elements ? keys[i] : QUERN_LOVASZ_DROPPED;
    int kept = quern_lovasz_is_kept(own[j]);
    int digit = lovasz_digit(own[j], shift);
    if (kept) {
      atomic_or(&masks[word * QUERN_DIGITS + digit], bit);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    uint rank = starts[digit] + popcount(masks[word * QUERN_DIGITS + digit] & (bit - 1));
    for (int w = 0; w < word; w++) {
      rank += popcount(masks[w * QUERN_DIGITS + digit]);
    }
    ranks[j] = rank;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
      for (int w = 0; w < QUERN_MASK_WORDS; w++) {
        starts[d] += popcount(masks[w * QUERN_DIGITS + d]);
        masks[w * QUERN_DIGITS + d] = 0;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  int moved = (int)lovasz_scan_group(starts, QUERN_DIGITS / QUERN_GROUP, sums);
  // how far the elements of a digit go from their places in the chunk, modulo 2^32
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    moves[d] = chunks == 1 ? 0 : totals[totals_offset + list * QUERN_DIGITS + d];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  lovasz_scan_group(moves, QUERN_DIGITS / QUERN_GROUP, sums);
  for (int d = item; chunks > 1 && d < QUERN_DIGITS; d += QUERN_GROUP) {
    uint before = counts[counts_offset + (list * QUERN_DIGITS + d) * chunks + group % chunks];
    moves[d] += before - starts[d];
  }
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      ranks[j] += starts[lovasz_digit(own[j], shift)];
      exchanged[ranks[j]] = own[j];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  uint places[QUERN_SORT_ITEMS];
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    if (i < moved) {
      places[j] = (uint)i + moves[lovasz_digit(exchanged[i], shift)];
      sorted_keys[places[j]] = exchanged[i];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      exchanged[ranks[j]] = payloads[j * QUERN_GROUP + item];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    if (i < moved) {
      sorted_payloads[places[j]] = exchanged[i];
    }
  }
}

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
    loss += error * step;
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

// Turns the gradient with respect to the probabilities of each pixel into that of its logits. The
// derivatives are taken relative to that of the likeliest class, which changes nothing but keeps
// their digits where its probability rounds to 1.
QUERN_KERNEL void lovasz_softmax_gradient(
    __global const float *logits,
    const long logits_offset,
    __global const void *target,
    const long target_offset,
    __global float *gradient,
    const long gradient_offset,
    const long n,
    const long pixels,
    const long ignored,
    const int ignores,
    const int target_dtype,
    const int class_count) {
  long t = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, t += QUERN_GROUP) {
    if (t < n) {
      int label =
          quern_valid_label(target, target_dtype, target_offset + t, ignores, ignored, class_count);
      if (label >= 0) {
        long first = t / pixels * pixels * class_count + t % pixels;
        __global const float *pixel = logits + logits_offset + first;
        __global float *derivatives = gradient + gradient_offset + first;
        float greatest;
        float inverse = quern_softmax_inverse(pixel, class_count, pixels, &greatest);
        int likeliest = 0;
        while (likeliest < class_count - 1 && pixel[likeliest * pixels] != greatest) {
          likeliest++;
        }
        float base = derivatives[likeliest * pixels];
        float mean = 0.0f;
        for (int c = 0; c < class_count; c++) {
          float p = quern_exp(pixel[c * pixels] - greatest) * inverse;
          mean = fma(derivatives[c * pixels] - base, p, mean);
        }
        for (int c = 0; c < class_count; c++) {
          float p = quern_exp(pixel[c * pixels] - greatest) * inverse;
          derivatives[c * pixels] = p * ((derivatives[c * pixels] - base) - mean);
        }
      }
    }
  }
}
