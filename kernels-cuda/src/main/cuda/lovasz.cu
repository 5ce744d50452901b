// Lovasz losses of many lists at once: a list is one class of an image, or of the whole batch (hinge:
// all channels). Per list: the errors of its pixels, sorted in descending order with the label packed
// along (lovasz.inc); the step of the Jaccard loss at each, from the foreground counted before it;
// the loss, their dot product; the gradient, scattered back to where the pixel was.
//
// Lists have equal lengths and lie one behind the other, so a chunk of QUERN_SORT_CHUNK elements, the
// work of one block, finds its list by division, and every kernel serves all lists in one launch. The
// sort is by digits of 8 bits from the lowest up, four passes between two halves of scratch memory,
// each of them: the digits of every chunk are counted; per list and digit the counts are summed up
// over the chunks; every chunk moves its elements. Elements of equal digits keep their order: within
// a chunk each warp takes neighbouring elements row by row, and an element's rank is counted from
// the ballots of its row, so no order of execution matters. (OpenCL 1.2 has no ballots; there bit
// masks in local memory take their place.) The first pass drops pixels without loss or gradient
// (ignored, faulty, error 0 or below), and lists that are not averaged; their number stays on the
// device, and the chunks behind it return at once. A list of one chunk needs neither counts nor sums.
// Where fewer elements are left than a chunk has, those missing take no part.
//
// Deterministic, as orders depend on the extent only; the only atomics are of integers: counts and a
// minimum.

#include "prelude.cuh"

#include "math.inc"

#include "lovasz.inc"

// Host side: dev.quern.spi.LovaszLayout.
#define QUERN_SORT_CHUNK 4096LL
#define QUERN_DIGITS 256

// A warp's part of a chunk, as rows of its lanes.
#define QUERN_SORT_ROWS ((int)(QUERN_SORT_CHUNK / QUERN_THREADS))
#define QUERN_WARP_ELEMENTS (QUERN_SORT_ROWS * 32)

static_assert(QUERN_DIGITS == QUERN_THREADS, "each thread takes one digit");

#define QUERN_ALL_LANES 0xffffffffu

// This thread's element of its warp's row number j, counted in the block's chunk.
QUERN_INLINE int lovasz_row_element(int j) {
  return (int)threadIdx.x / 32 * QUERN_WARP_ELEMENTS + j * 32 + (int)threadIdx.x % 32;
}

// This thread's pixel number j of its block's tile: neighbours of the same class lie beside each
// other, those of a pixel do not.
QUERN_INLINE long long lovasz_pixel(int j) {
  return blockIdx.x * QUERN_TILE + j * QUERN_THREADS + threadIdx.x;
}

// How many of this warp's rows hold elements; the same for all its lanes.
QUERN_INLINE int lovasz_rows(int elements) {
  return (elements - (int)threadIdx.x / 32 * QUERN_WARP_ELEMENTS + 31) / 32;
}

QUERN_INLINE unsigned int lovasz_lanes_below() { return (1u << threadIdx.x % 32) - 1; }

// The highest digit leaves out bit 31, which is not part of the error.
QUERN_INLINE int lovasz_digit(unsigned int key, int shift) {
  return (int)((key & QUERN_LOVASZ_DROPPED) >> shift & (QUERN_DIGITS - 1));
}

QUERN_INLINE int lovasz_clamp_to_chunk(long long elements) {
  return (int)(elements < 0 ? 0 : elements < QUERN_SORT_CHUNK ? elements : QUERN_SORT_CHUNK);
}

// How many elements of a chunk take part in a pass; the first pass meets the dropped ones too.
QUERN_INLINE int lovasz_chunk_elements(
    const QuernLovaszList *lists, long long length, long long chunks, int compacted) {
  long long first = blockIdx.x % chunks * QUERN_SORT_CHUNK;
  unsigned int kept = lists[blockIdx.x / chunks].kept;
  return lovasz_clamp_to_chunk((compacted || kept == 0 ? (long long)kept : length) - first);
}

// The first element of this block's chunk.
QUERN_INLINE long long lovasz_chunk_start(long long length, long long chunks) {
  return blockIdx.x / chunks * length + blockIdx.x % chunks * QUERN_SORT_CHUNK;
}

// The sum of the values of the threads before this one, and of all. Called by the whole block.
QUERN_INLINE unsigned int lovasz_scan_block(unsigned int value, unsigned int *all) {
  __shared__ unsigned int warps[QUERN_WARPS];
  int lane = (int)threadIdx.x % 32;
  int warp = (int)threadIdx.x / 32;
  unsigned int sum = value;
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2) {
    unsigned int other = __shfl_up_sync(QUERN_ALL_LANES, sum, distance);
    sum += lane >= distance ? other : 0;
  }
  if (lane == 31) {
    warps[warp] = sum;
  }
  __syncthreads();
  unsigned int before = sum - value;
  *all = 0;
  for (int w = 0; w < QUERN_WARPS; w++) {
    before += w < warp ? warps[w] : 0;
    *all += warps[w];
  }
  __syncthreads();
  return before;
}

typedef struct {
  QuernLovaszList *lists;
  float *gradient;
  long long list_count;
  long long n;
} LovaszClearArgs;

// Empties the lists, and the gradient unless it is null, which has n elements.
QUERN_KERNEL(lovasz_clear, LovaszClearArgs) {
  for (int j = 0; j < 4; j++) {
    long long i = lovasz_pixel(j);
    if (i < args.list_count) {
      QuernLovaszList list = {0.0, 0, 0, QUERN_LOVASZ_NO_FAULT, {0, 0, 0}};
      args.lists[i] = list;
    }
  }
  if (args.gradient) {
    QuernQuad zeros = {{0.0f, 0.0f, 0.0f, 0.0f}};
    quern_store(zeros, args.gradient, quern_tile_element(), args.n);
  }
}

typedef struct {
  const float *logits;
  const void *target;
  const int *classes;
  unsigned int *keys;
  unsigned int *payloads;
  QuernLovaszList *lists;
  long long n;
  long long length;
  long long pixels;
  long long ignored;
  int ignores;
  int target_dtype;
  int kind;
  int class_count;
  int list_classes;
} LovaszErrorsArgs;

// The keys of one pixel in the lists of all classes, and, where kept, its index in them with bit 0
// for a falling error. classes names the class of each list of an image, null if all are listed.
QUERN_KERNEL(lovasz_errors, LovaszErrorsArgs) {
  for (int j = 0; j < 4; j++) {
    long long t = lovasz_pixel(j);
    if (t >= args.n) {
      return;
    }
    int labels = args.kind == QUERN_LOVASZ_HINGE ? 2 : args.class_count;
    int label =
        quern_valid_label(args.target, args.target_dtype, t, args.ignores, args.ignored, labels);
    bool valid = label >= 0;
    long long first_list = t / args.length * args.list_classes;
    unsigned int index = (unsigned int)(t % args.length);
    if (label == QUERN_LABEL_FAULTY) {
      atomicMin(&args.lists[first_list].fault, index);
    }
    const float *pixel =
        args.logits + t / args.pixels * args.pixels * args.class_count + t % args.pixels;
    float greatest = 0.0f;
    float inverse = 1.0f;
    if (valid && args.kind == QUERN_LOVASZ_SOFTMAX) {
      inverse = quern_softmax_inverse(pixel, args.class_count, args.pixels, &greatest);
    }
    for (int list = 0; list < args.list_classes; list++) {
      unsigned int key = QUERN_LOVASZ_DROPPED;
      long long place = (first_list + list) * args.length + index;
      if (valid) {
        int c = args.classes ? args.classes[list] : list;
        bool foreground = label == (args.kind == QUERN_LOVASZ_HINGE ? 1 : c);
        float x = pixel[c * args.pixels];
        x = args.kind == QUERN_LOVASZ_SOFTMAX ? quern_exp(x - greatest) * inverse : x;
        int falling;
        float error = quern_lovasz_error(args.kind, x, foreground, &falling);
        key = quern_lovasz_key(error, foreground);
        if (quern_lovasz_is_kept(key)) {
          args.payloads[place] = index << 1 | (unsigned int)falling;
        }
      }
      args.keys[place] = key;
    }
  }
}

typedef struct {
  const unsigned int *keys;
  QuernLovaszList *lists;
  unsigned int *counts;
  long long length;
  long long chunks;
  int shift;
} LovaszHistogramArgs;

// How often each digit is in each chunk: counts[list, digit, chunk], null if lists have one chunk.
// The first pass also counts what is kept and the foreground of each list.
QUERN_KERNEL(lovasz_histogram, LovaszHistogramArgs) {
  __shared__ unsigned int digits[QUERN_DIGITS];
  __shared__ unsigned int kept;
  __shared__ unsigned int foreground;
  bool first_pass = args.shift == 0;
  long long list = blockIdx.x / args.chunks;
  long long chunk = blockIdx.x % args.chunks;
  int elements = first_pass
      ? lovasz_clamp_to_chunk(args.length - chunk * QUERN_SORT_CHUNK)
      : lovasz_chunk_elements(args.lists, args.length, args.chunks, 1);
  if (elements == 0) {
    return;
  }
  digits[threadIdx.x] = 0;
  if (threadIdx.x == 0) {
    kept = 0;
    foreground = 0;
  }
  __syncthreads();
  const unsigned int *keys = args.keys + lovasz_chunk_start(args.length, args.chunks);
  unsigned int own_kept = 0;
  unsigned int own_foreground = 0;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    int i = (int)(j * QUERN_TILE) + (int)threadIdx.x * 4;
    QuernFour<unsigned int> four = quern_load_four(keys, i, elements);
#pragma unroll
    for (int e = 0; e < 4; e++) {
      if (i + e < elements) {
        own_foreground += four.v[e] >> 31;
        if (quern_lovasz_is_kept(four.v[e])) {
          own_kept++;
          atomicAdd(&digits[lovasz_digit(four.v[e], args.shift)], 1u);
        }
      }
    }
  }
  if (first_pass) {
    atomicAdd(&kept, own_kept);
    atomicAdd(&foreground, own_foreground);
  }
  __syncthreads();
  if (first_pass && threadIdx.x == 0) {
    atomicAdd(&args.lists[list].kept, kept);
    atomicAdd(&args.lists[list].foreground, foreground);
  }
  if (args.counts) {
    args.counts[(list * QUERN_DIGITS + threadIdx.x) * args.chunks + chunk] = digits[threadIdx.x];
  }
}

typedef struct {
  QuernLovaszList *lists;
  long long list_count;
  int list_classes;
  int present_only;
} LovaszWeightsArgs;

// The weight of each list: 1 / (images times the classes averaged in its image), or 0 for a class
// that is absent where only present ones count; such a list is dropped.
QUERN_KERNEL(lovasz_weights, LovaszWeightsArgs) {
  for (int j = 0; j < 4; j++) {
    long long i = lovasz_pixel(j);
    if (i < args.list_count) {
      long long first = i - i % args.list_classes;
      int averaged = args.present_only ? 0 : args.list_classes;
      for (int c = 0; args.present_only && c < args.list_classes; c++) {
        averaged += args.lists[first + c].foreground > 0;
      }
      if (args.present_only && args.lists[i].foreground == 0) {
        args.lists[i].kept = 0;
      } else {
        args.lists[i].weight = 1.0 / ((double)(args.list_count / args.list_classes) * averaged);
      }
    }
  }
}

typedef struct {
  unsigned int *counts;
  unsigned int *totals;
  const QuernLovaszList *lists;
  long long rows;
  long long chunks;
  int rows_per_list;
  int lanes;
  int compacted;
} LovaszScanArgs;

// Replaces each row of counts, one number per chunk, by the sums of those before, and leaves its sum
// in totals unless that is null. A row is taken by lanes threads, a power of two.
QUERN_KERNEL(lovasz_scan, LovaszScanArgs) {
  __shared__ unsigned int sums[QUERN_THREADS];
  int thread = (int)threadIdx.x;
  int lane = thread % args.lanes;
  long long row = blockIdx.x * (long long)(QUERN_THREADS / args.lanes) + thread / args.lanes;
  long long filled = 0;
  if (row < args.rows) {
    unsigned int kept = args.lists[row / args.rows_per_list].kept;
    filled = args.compacted || kept == 0
        ? (kept + QUERN_SORT_CHUNK - 1) / QUERN_SORT_CHUNK
        : args.chunks;
  }
  unsigned int *counts = args.counts + row * args.chunks;
  unsigned int before = 0;
  for (long long first = 0; first < args.chunks; first += args.lanes) {
    long long chunk = first + lane;
    unsigned int own = chunk < filled ? counts[chunk] : 0;
    sums[thread] = own;
    __syncthreads();
    for (int distance = 1; distance < args.lanes; distance *= 2) {
      unsigned int other = lane >= distance ? sums[thread - distance] : 0;
      __syncthreads();
      sums[thread] += other;
      __syncthreads();
    }
    if (chunk < filled) {
      counts[chunk] = before + sums[thread] - own;
    }
    before += sums[thread - lane + args.lanes - 1];
    __syncthreads();
  }
  if (args.totals && row < args.rows && lane == 0) {
    args.totals[row] = before;
  }
}

typedef struct {
  const unsigned int *keys;
  const unsigned int *payloads;
  unsigned int *sorted_keys;
  unsigned int *sorted_payloads;
  const QuernLovaszList *lists;
  const unsigned int *counts;
  const unsigned int *totals;
  long long length;
  long long chunks;
  int shift;
} LovaszScatterArgs;

// Moves the elements of a chunk to where a digit's elements of all chunks before, and those of lower
// digits, end. They are put in order in shared memory first, so that neighbours are written together.
QUERN_KERNEL(lovasz_scatter, LovaszScatterArgs) {
  __shared__ unsigned int warp_counts[QUERN_WARPS][QUERN_DIGITS];
  __shared__ unsigned int starts[QUERN_DIGITS];
  __shared__ unsigned int moves[QUERN_DIGITS];
  __shared__ unsigned int exchanged[QUERN_SORT_CHUNK];
  int elements = lovasz_chunk_elements(args.lists, args.length, args.chunks, args.shift > 0);
  if (elements == 0) {
    return;
  }
  int thread = (int)threadIdx.x;
  long long list = blockIdx.x / args.chunks;
  long long start = lovasz_chunk_start(args.length, args.chunks);
  const unsigned int *keys = args.keys + start;
  const unsigned int *payloads = args.payloads + start;
  unsigned int *sorted_keys = args.sorted_keys + list * args.length;
  unsigned int *sorted_payloads = args.sorted_payloads + list * args.length;
  unsigned int own[QUERN_SORT_ROWS];
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    int i = lovasz_row_element(j);
    own[j] = i < elements ? keys[i] : QUERN_LOVASZ_DROPPED;
  }
  for (int w = 0; w < QUERN_WARPS; w++) {
    warp_counts[w][thread] = 0;
  }
  __syncthreads();
  // ranks among the warp's elements of the same digit; its counts are of the rows done
  unsigned int *counts = warp_counts[thread / 32];
  unsigned int ranks[QUERN_SORT_ROWS];
  int rows = lovasz_rows(elements);
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    if (j >= rows) {
      break;
    }
    bool kept = quern_lovasz_is_kept(own[j]);
    int digit = lovasz_digit(own[j], args.shift);
    unsigned int same = __ballot_sync(QUERN_ALL_LANES, kept);
#pragma unroll
    for (int b = 0; b < 8; b++) {
      bool one = digit >> b & 1;
      unsigned int ones = __ballot_sync(QUERN_ALL_LANES, one);
      same &= one ? ones : ~ones;
    }
    unsigned int below = same & lovasz_lanes_below();
    ranks[j] = counts[digit] + __popc(below);
    __syncwarp();
    if (kept && below == 0) {
      counts[digit] += __popc(same);
    }
    __syncwarp();
  }
  __syncthreads();
  // each thread's digit: where its elements start in the chunk, and those of each warp in them
  unsigned int count = 0;
  for (int w = 0; w < QUERN_WARPS; w++) {
    unsigned int of_warp = warp_counts[w][thread];
    warp_counts[w][thread] = count;
    count += of_warp;
  }
  unsigned int moved;
  starts[thread] = lovasz_scan_block(count, &moved);
  // how far the elements of a digit go from their places in the chunk, modulo 2^32
  moves[thread] = 0;
  if (args.chunks > 1) {
    long long row = list * QUERN_DIGITS + thread;
    unsigned int all;
    moves[thread] = lovasz_scan_block(args.totals[row], &all)
        + args.counts[row * args.chunks + blockIdx.x % args.chunks] - starts[thread];
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      int digit = lovasz_digit(own[j], args.shift);
      ranks[j] += starts[digit] + counts[digit];
      exchanged[ranks[j]] = own[j];
    }
  }
  __syncthreads();
  unsigned int places[QUERN_SORT_ROWS];
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    unsigned int i = j * QUERN_THREADS + thread;
    if (i < moved) {
      places[j] = i + moves[lovasz_digit(exchanged[i], args.shift)];
      sorted_keys[places[j]] = exchanged[i];
    }
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      exchanged[ranks[j]] = payloads[lovasz_row_element(j)];
    }
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    unsigned int i = j * QUERN_THREADS + thread;
    if (i < moved) {
      sorted_payloads[places[j]] = exchanged[i];
    }
  }
}

typedef struct {
  const unsigned int *keys;
  const QuernLovaszList *lists;
  unsigned int *counts;
  long long length;
  long long chunks;
} LovaszForegroundArgs;

// The foreground of each chunk of the sorted lists.
QUERN_KERNEL(lovasz_foreground, LovaszForegroundArgs) {
  int elements = lovasz_chunk_elements(args.lists, args.length, args.chunks, 1);
  if (elements == 0) {
    return;
  }
  const unsigned int *keys = args.keys + lovasz_chunk_start(args.length, args.chunks);
  unsigned int own = 0;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    int i = (int)(j * QUERN_TILE) + (int)threadIdx.x * 4;
    // what is behind the end is read as 0, which is no foreground
    QuernFour<unsigned int> four = quern_load_four(keys, i, elements);
    own += (four.v[0] >> 31) + (four.v[1] >> 31) + (four.v[2] >> 31) + (four.v[3] >> 31);
  }
  unsigned int all;
  lovasz_scan_block(own, &all);
  if (threadIdx.x == 0) {
    args.counts[blockIdx.x] = all;
  }
}

typedef struct {
  const unsigned int *keys;
  const unsigned int *payloads;
  const QuernLovaszList *lists;
  const unsigned int *counts;
  const int *classes;
  const float *upstream;
  float *gradient;
  double *partials;
  long long length;
  long long chunks;
  long long pixels;
  int class_count;
  int list_classes;
} LovaszGradientArgs;

// The loss of each chunk of the sorted lists, and its gradient unless that is null: with respect to
// the logits of the hinge, else to the probabilities. counts holds the foreground of the chunks
// before, null if lists have one chunk.
QUERN_KERNEL(lovasz_gradient, LovaszGradientArgs) {
  int elements = lovasz_chunk_elements(args.lists, args.length, args.chunks, 1);
  if (elements == 0) {
    return;
  }
  long long list = blockIdx.x / args.chunks;
  long long start = lovasz_chunk_start(args.length, args.chunks);
  const unsigned int *keys = args.keys + start;
  const unsigned int *payloads = args.payloads + start;
  unsigned int own[QUERN_SORT_ROWS];
  unsigned int own_foreground = 0;
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    int i = lovasz_row_element(j);
    own[j] = i < elements ? keys[i] : 0;
    own_foreground += own[j] >> 31;
  }
  // before the warp's elements: what lane 0 sees
  unsigned int all;
  unsigned int before =
      __shfl_sync(QUERN_ALL_LANES, lovasz_scan_block(own_foreground, &all), 0);
  before += args.counts ? args.counts[blockIdx.x] : 0;
  unsigned int foreground = args.lists[list].foreground;
  unsigned int first = (unsigned int)(blockIdx.x % args.chunks * QUERN_SORT_CHUNK);
  double factor = args.gradient ? args.lists[list].weight * args.upstream[0] : 0.0;
  int c = (int)(list % args.list_classes);
  c = args.classes ? args.classes[c] : c;
  long long first_image = list / args.list_classes * (args.length / args.pixels);
  unsigned int pixels = (unsigned int)args.pixels;
  int rows = lovasz_rows(elements);
  double loss[1] = {0.0};
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    if (j >= rows) {
      break;
    }
    int i = lovasz_row_element(j);
    unsigned int row = __ballot_sync(QUERN_ALL_LANES, own[j] >> 31);
    if (i < elements) {
      float error = quern_lovasz_key_error(own[j]);
      double step =
          quern_lovasz_step(
              own[j] >> 31, foreground, first + i, before + __popc(row & lovasz_lanes_below()));
      loss[0] += error * step;
      if (args.gradient) {
        unsigned int payload = payloads[i];
        unsigned int index = payload >> 1;
        long long image = first_image + index / pixels;
        float g = (float)((payload & 1 ? -step : step) * factor);
        args.gradient[(image * args.class_count + c) * args.pixels + index % pixels] =
            error == error ? g : error;
      }
    }
    before += __popc(row);
  }
  const double *sums = quern_block_sums(loss);
  if (threadIdx.x == 0) {
    args.partials[blockIdx.x] = sums[0];
  }
}

typedef struct {
  const double *partials;
  const QuernLovaszList *lists;
  float *value;
  long long *fault;
  long long list_count;
  long long length;
  long long chunks;
  int list_classes;
} LovaszTotalArgs;

// One block.
QUERN_KERNEL(lovasz_total, LovaszTotalArgs) {
  double loss[1] = {0.0};
  for (long long r = threadIdx.x; r < args.list_count * args.chunks; r += QUERN_THREADS) {
    QuernLovaszList list = args.lists[r / args.chunks];
    if (r % args.chunks * QUERN_SORT_CHUNK < (long long)list.kept) {
      loss[0] += list.weight * args.partials[r];
    }
  }
  const double *sums = quern_block_sums(loss);
  long long least = QUERN_NONE;
  long long images = args.list_count / args.list_classes;
  for (long long image = threadIdx.x; image < images; image += QUERN_THREADS) {
    unsigned int index = args.lists[image * args.list_classes].fault;
    long long at = image * args.length + index;
    least = index != QUERN_LOVASZ_NO_FAULT && at < least ? at : least;
  }
  least = quern_block_least(least);
  if (threadIdx.x == 0) {
    args.value[0] = (float)sums[0];
    args.fault[0] = least < args.fault[0] ? least : args.fault[0];
  }
}

typedef struct {
  const float *logits;
  const void *target;
  float *gradient;
  long long n;
  long long pixels;
  long long ignored;
  int ignores;
  int target_dtype;
  int class_count;
} LovaszSoftmaxGradientArgs;

// Turns the gradient with respect to the probabilities of each pixel into that of its logits. The
// derivatives are taken relative to that of the likeliest class, which changes nothing but keeps
// their digits where its probability rounds to 1.
QUERN_KERNEL(lovasz_softmax_gradient, LovaszSoftmaxGradientArgs) {
  int classes = args.class_count;
  for (int j = 0; j < 4; j++) {
    long long t = lovasz_pixel(j);
    if (t >= args.n) {
      return;
    }
    int label =
        quern_valid_label(args.target, args.target_dtype, t, args.ignores, args.ignored, classes);
    if (label >= 0) {
      long long first = t / args.pixels * args.pixels * classes + t % args.pixels;
      const float *pixel = args.logits + first;
      float *derivatives = args.gradient + first;
      float greatest;
      float inverse = quern_softmax_inverse(pixel, classes, args.pixels, &greatest);
      int likeliest = 0;
      while (likeliest < classes - 1 && pixel[likeliest * args.pixels] != greatest) {
        likeliest++;
      }
      float base = derivatives[likeliest * args.pixels];
      float mean = 0.0f;
      for (int c = 0; c < classes; c++) {
        float p = quern_exp(pixel[c * args.pixels] - greatest) * inverse;
        mean = QUERN_FMA(derivatives[c * args.pixels] - base, p, mean);
      }
      for (int c = 0; c < classes; c++) {
        float p = quern_exp(pixel[c * args.pixels] - greatest) * inverse;
        derivatives[c * args.pixels] = p * ((derivatives[c * args.pixels] - base) - mean);
      }
    }
  }
}
