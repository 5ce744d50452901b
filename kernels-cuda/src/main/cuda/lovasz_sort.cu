// Lovasz losses: the sort of all lists (lovasz_lists.cuh) by their keys, payloads along, and how
// many elements are kept and of the foreground.
//
// - By digits of 8 bits from the lowest up, four passes between two halves of scratch memory
//   (Adinets and Merrill, Onesweep, 2022).
// - Work: one kernel counts how often every list has each digit in each of the four places, which
//   the passes do not change. Then one kernel a pass moves the elements: a block ranks its chunk,
//   publishes how often it has each digit, puts the elements in order in shared memory meanwhile,
//   looks back for what the chunks before it have, each thread for one digit, and writes. So a pass
//   reads and writes an element once. (OpenCL counts anew in every pass and sums the counts up in a
//   kernel of its own, because there no group may wait for another.) Lists of one chunk, however
//   many, are sorted by blocks that know nothing of each other.
// - Elements of equal digits keep their order: within a chunk each warp takes neighbouring elements
//   row by row, and an element's rank is counted from the ballots of its row, so no order of
//   execution matters.
// - Tail: the first pass drops pixels without loss or gradient (ignored, faulty, error 0 or below),
//   and lists that are not averaged; their number stays on the device, and the blocks of chunks
//   behind it return at once.
// - Deterministic: orders depend on the extent only; the only atomics are of integers: counts and
//   tickets.

#include "prelude.cuh"

#include "math.inc"

#include "lovasz.inc"

#include "lovasz_lists.cuh"

#define QUERN_DIGITS 256

// The digits of a key. Host side: dev.quern.cuda.CudaLovaszSort.
#define QUERN_PLACES 4

// What a block of the histogram takes: adding its counts to those of the list costs as much whatever
// they are.
#define QUERN_HISTOGRAM_ELEMENTS (4 * QUERN_SORT_CHUNK)

static_assert(QUERN_DIGITS == QUERN_THREADS, "each thread takes one digit");

// The highest digit leaves out bit 31, which is not part of the error.
QUERN_INLINE int lovasz_digit(unsigned int key, int shift) {
  return (int)((key & QUERN_LOVASZ_DROPPED) >> shift & (QUERN_DIGITS - 1));
}

typedef struct {
  const unsigned int *keys;
  QuernLovaszList *lists;
  unsigned int *digits;
  long long length;
} LovaszHistogramArgs;

// How often each digit is in each list: digits[list, place, digit], 0 before, null if lists have one
// chunk; what is kept, and the foreground.
QUERN_KERNEL(lovasz_histogram, LovaszHistogramArgs) {
  __shared__ unsigned int digits[QUERN_PLACES][QUERN_DIGITS];
  __shared__ unsigned int kept;
  __shared__ unsigned int foreground;
  int thread = (int)threadIdx.x;
  long long blocks = (args.length + QUERN_HISTOGRAM_ELEMENTS - 1) / QUERN_HISTOGRAM_ELEMENTS;
  long long list = blockIdx.x / blocks;
  long long first = blockIdx.x % blocks * QUERN_HISTOGRAM_ELEMENTS;
  long long left = args.length - first;
  int elements = (int)(left < QUERN_HISTOGRAM_ELEMENTS ? left : QUERN_HISTOGRAM_ELEMENTS);
  for (int p = 0; p < QUERN_PLACES; p++) {
    digits[p][thread] = 0;
  }
  if (thread == 0) {
    kept = 0;
    foreground = 0;
  }
  __syncthreads();
  const unsigned int *keys = args.keys + list * args.length + first;
  unsigned int own_kept = 0;
  unsigned int own_foreground = 0;
#pragma unroll 4
  for (int start = 0; start < elements; start += (int)QUERN_TILE) {
    int i = start + thread * 4;
    QuernFour<unsigned int> four = quern_load_four(keys, i, elements);
#pragma unroll
    for (int e = 0; e < 4; e++) {
      if (i + e < elements) {
        own_foreground += four.v[e] >> 31;
        if (quern_lovasz_is_kept(four.v[e])) {
          own_kept++;
          for (int p = 0; args.digits && p < QUERN_PLACES; p++) {
            atomicAdd(&digits[p][lovasz_digit(four.v[e], 8 * p)], 1u);
          }
        }
      }
    }
  }
  atomicAdd(&kept, own_kept);
  atomicAdd(&foreground, own_foreground);
  __syncthreads();
  if (thread == 0) {
    atomicAdd(&args.lists[list].kept, kept);
    atomicAdd(&args.lists[list].foreground, foreground);
  }
  for (int p = 0; args.digits && p < QUERN_PLACES; p++) {
    if (digits[p][thread] > 0) {
      atomicAdd(
          &args.digits[(list * QUERN_PLACES + p) * QUERN_DIGITS + thread], digits[p][thread]);
    }
  }
}

// The count of the chunks before, where count, this chunk's, was published in a word behind those of
// the chunk before by stride.
QUERN_INLINE unsigned int lovasz_look_back(
    unsigned int *word, int stride, const LovaszChunk &chunk, long long chunks, unsigned int count) {
  unsigned int before = 0;
  unsigned int found = chunk.number > 0 ? 0 : QUERN_INCLUSIVE;
  for (const unsigned int *nearer = word; !(found & QUERN_INCLUSIVE);) {
    nearer -= stride;
    found = lovasz_await(nearer);
    before += lovasz_published_count(found);
  }
  lovasz_publish_inclusive(word, chunk, chunks, before + count);
  return before;
}

typedef struct {
  const unsigned int *keys;
  const unsigned int *payloads;
  unsigned int *sorted_keys;
  unsigned int *sorted_payloads;
  const QuernLovaszList *lists;
  const unsigned int *digits;
  unsigned int *look_back;
  unsigned int *next_look_back;
  long long length;
  long long chunks;
  int shift;
} LovaszScatterArgs;

// Moves the elements of a chunk to where a digit's elements of all chunks before, and those of lower
// digits, end. They are put in order in shared memory first, so that neighbours are written together.
// look_back holds a ticket and a word for each digit of each chunk; next_look_back, the next kernel's,
// is left empty. All three are null if lists have one chunk.
QUERN_KERNEL(lovasz_scatter, LovaszScatterArgs) {
  __shared__ unsigned int warp_counts[QUERN_WARPS][QUERN_DIGITS];
  __shared__ unsigned int starts[QUERN_DIGITS];
  __shared__ unsigned int moves[QUERN_DIGITS];
  __shared__ unsigned int exchanged[QUERN_SORT_CHUNK];
  int thread = (int)threadIdx.x;
  LovaszChunk chunk = lovasz_chunk(args, args.look_back, args.shift > 0);
  long long word =
      QUERN_TICKET_WORDS + lovasz_row(chunk, args.chunks) * QUERN_DIGITS + thread;
  if (args.next_look_back && chunk.number < args.chunks - 1) {
    args.next_look_back[word] = 0;
    if (word == QUERN_TICKET_WORDS) {
      args.next_look_back[0] = 0;
    }
  }
  if (chunk.elements == 0) {
    return;
  }
  const unsigned int *keys = args.keys + chunk.start;
  const unsigned int *payloads = args.payloads + chunk.start;
  unsigned int *sorted_keys = args.sorted_keys + chunk.list * args.length;
  unsigned int *sorted_payloads = args.sorted_payloads + chunk.list * args.length;
  unsigned int own[QUERN_SORT_ROWS];
#pragma unroll
  for (int j = 0; j < QUERN_SORT_ROWS; j++) {
    int i = lovasz_row_element(j);
    own[j] = i < chunk.elements ? keys[i] : QUERN_LOVASZ_DROPPED;
  }
  for (int w = 0; w < QUERN_WARPS; w++) {
    warp_counts[w][thread] = 0;
  }
  __syncthreads();
  // ranks among the warp's elements of the same digit; its counts are of the rows done
  unsigned int *counts = warp_counts[thread / 32];
  unsigned int ranks[QUERN_SORT_ROWS];
  int rows = lovasz_rows(chunk.elements);
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
  if (args.look_back) {
    lovasz_publish(args.look_back + word, chunk, args.chunks, count);
  }
  unsigned int moved;
  starts[thread] = lovasz_scan_block(count, &moved);
  // where the digit starts in the list
  unsigned int first = 0;
  if (args.look_back) {
    unsigned int all;
    first = lovasz_scan_block(
        args.digits[(chunk.list * QUERN_PLACES + args.shift / 8) * QUERN_DIGITS + thread], &all);
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
  // how far the elements of a digit go from their places in the chunk, modulo 2^32
  moves[thread] = 0;
  if (args.look_back) {
    unsigned int before =
        lovasz_look_back(args.look_back + word, QUERN_DIGITS, chunk, args.chunks, count);
    moves[thread] = first + before - starts[thread];
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
