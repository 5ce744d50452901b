// The lists of a Lovasz loss: a list is one class of an image, or of the whole batch (hinge: all
// channels). They have equal lengths and lie one behind the other, so a chunk of QUERN_SORT_CHUNK
// elements, the work of one block, finds its list by division, and every kernel serves all lists in
// one launch. Where fewer elements are left than a chunk has, those missing take no part. What
// lovasz_sort.cu and lovasz_gradient.cu share, above all the way in which blocks of one launch tell
// each other what their chunks hold.
//
// A count of all chunks before one's own is found by looking back (Merrill and Garland, Single-pass
// parallel prefix scan with decoupled look-back, 2016). A block publishes the count of its chunk, adds
// up what the blocks before it published, nearest first, until one gives the sum with all before it,
// and publishes its own sum for those behind. It waits where nothing is published yet. That ends,
// because chunks are handed out by ticket: the block that has an earlier one runs already or is done,
// and blocks that run go on beside each other. A word holds all it says, count and kind, so one
// store publishes it and nothing depends on the order of other accesses. Counts are exact, so how far
// a block looked back changes no bit.
#pragma once

// Host side: dev.quern.gpu.layout.LovaszLayout.
#define QUERN_SORT_CHUNK 4096LL

// A warp's part of a chunk, as rows of its lanes.
#define QUERN_SORT_ROWS ((int)(QUERN_SORT_CHUNK / QUERN_THREADS))
#define QUERN_WARP_ELEMENTS (QUERN_SORT_ROWS * 32)

#define QUERN_ALL_LANES 0xffffffffu

// The words behind the ticket, 0 before the launch, are what blocks publish: 0, nothing yet; the
// chunk's count plus 1; or, with this bit, the count of the chunk and all before it in its list, which
// is below 2^31. Host side: dev.quern.cuda.CudaLovaszSort.
#define QUERN_INCLUSIVE 0x80000000u
#define QUERN_TICKET_WORDS 16

// Words that change while others read them: neither kept in a register nor in a cache of one
// multiprocessor.
#ifndef QUERN_PUBLISH
#define QUERN_PUBLISH(word, value) (*(volatile unsigned int *)(word) = (value))
#define QUERN_PEEK(word) (*(const volatile unsigned int *)(word))
#endif

// A block's chunk.
struct LovaszChunk {
  long long list;
  long long number;  // in its list
  long long start;   // its first element, counted over all lists
  int elements;      // how many take part
};

// The number of the chunk that this block takes: the next one where blocks look back, else the
// block's. Called by the whole block, at most once per kernel.
QUERN_INLINE long long lovasz_take_chunk(unsigned int *look_back) {
  __shared__ unsigned int ticket;
  if (!look_back) {
    return blockIdx.x;
  }
  if (threadIdx.x == 0) {
    ticket = atomicAdd(look_back, 1u);
  }
  __syncthreads();
  return ticket;
}

// Takes a chunk. The first pass over the lists meets the dropped elements too.
template <class Args>
QUERN_INLINE LovaszChunk lovasz_chunk(
    const Args &args, unsigned int *look_back, bool compacted) {
  long long taken = lovasz_take_chunk(look_back);
  LovaszChunk chunk;
  chunk.list = taken / args.chunks;
  chunk.number = taken % args.chunks;
  chunk.start = chunk.list * args.length + chunk.number * QUERN_SORT_CHUNK;
  unsigned int kept = args.lists[chunk.list].kept;
  long long left =
      (compacted || kept == 0 ? (long long)kept : args.length) - chunk.number * QUERN_SORT_CHUNK;
  chunk.elements = (int)(left < 0 ? 0 : left < QUERN_SORT_CHUNK ? left : QUERN_SORT_CHUNK);
  return chunk;
}

// Where this chunk's words are among those of all chunks: the last of a list has none, as nobody
// looks back at it.
QUERN_INLINE long long lovasz_row(const LovaszChunk &chunk, long long chunks) {
  return chunk.list * (chunks - 1) + chunk.number;
}

// Publishes the count of a chunk, which for the first of a list is that of all up to it, too.
QUERN_INLINE void lovasz_publish(
    unsigned int *word, const LovaszChunk &chunk, long long chunks, unsigned int count) {
  if (chunk.number < chunks - 1) {
    QUERN_PUBLISH(word, chunk.number == 0 ? QUERN_INCLUSIVE | count : count + 1);
  }
}

// What a word says once it says something.
QUERN_INLINE unsigned int lovasz_await(const unsigned int *word) {
  unsigned int found;
  do {
    found = QUERN_PEEK(word);
  } while (found == 0);
  return found;
}

QUERN_INLINE unsigned int lovasz_published_count(unsigned int found) {
  return found & QUERN_INCLUSIVE ? found & ~QUERN_INCLUSIVE : found - 1;
}

// Publishes the count of a chunk and those before it.
QUERN_INLINE void lovasz_publish_inclusive(
    unsigned int *word, const LovaszChunk &chunk, long long chunks, unsigned int count) {
  if (chunk.number > 0 && chunk.number < chunks - 1) {
    QUERN_PUBLISH(word, QUERN_INCLUSIVE | count);
  }
}


// This thread's element of its warp's row number j, counted in the block's chunk.
QUERN_INLINE int lovasz_row_element(int j) {
  return (int)threadIdx.x / 32 * QUERN_WARP_ELEMENTS + j * 32 + (int)threadIdx.x % 32;
}

// How many of this warp's rows hold elements; the same for all its lanes.
QUERN_INLINE int lovasz_rows(int elements) {
  return (elements - (int)threadIdx.x / 32 * QUERN_WARP_ELEMENTS + 31) / 32;
}

QUERN_INLINE unsigned int lovasz_lanes_below() { return (1u << threadIdx.x % 32) - 1; }

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
