// Lovasz losses, from the sorted lists (lovasz_lists.cuh) on.
//
// - Formula: the step of the Jaccard loss at each element, from the foreground counted before it
//   (lovasz.inc); the loss, their dot product; the gradient, scattered back to where the pixel was.
// - Work: a block takes a chunk. It counts the chunk's foreground, publishes it, looks back for
//   that of the chunks before, and goes through its elements, each warp through neighbouring ones
//   row by row. (OpenCL counts and sums the foreground of the chunks in kernels of their own,
//   because there no group may wait for another.) A list of one chunk needs no looking back.
// - Tail: what was dropped or lies behind the end keeps the gradient it was cleared to.
// - Deterministic: counts are exact, a chunk's losses are summed in f64 in a fixed order, and those
//   of the chunks by one block; the only atomic is the ticket.

#include "prelude.cuh"

#include "math.inc"

#include "lovasz.inc"

#include "lovasz_lists.cuh"

// The foreground of the chunks before this one, which has own. The first warp looks back at a chunk a
// lane, the nearest first. Called by the whole block, at most once per kernel.
QUERN_INLINE unsigned int lovasz_foreground_before(
    unsigned int *look_back, const LovaszChunk &chunk, long long chunks, unsigned int own) {
  __shared__ unsigned int foreground;
  int lane = (int)threadIdx.x;
  if (lane < 32) {
    unsigned int *word = look_back + QUERN_TICKET_WORDS + lovasz_row(chunk, chunks);
    if (lane == 0) {
      lovasz_publish(word, chunk, chunks, own);
    }
    unsigned int before = 0;
    unsigned int ends = 0;
    for (long long ahead = 1 + lane; ends == 0 && ahead - lane <= chunk.number; ahead += 32) {
      // before the first chunk nothing is left to count
      unsigned int found = ahead <= chunk.number ? lovasz_await(word - ahead) : QUERN_INCLUSIVE;
      ends = __ballot_sync(QUERN_ALL_LANES, found & QUERN_INCLUSIVE);
      // the nearest that counts all before it ends the sum
      unsigned int count = ends & lovasz_lanes_below() ? 0 : lovasz_published_count(found);
#pragma unroll
      for (int distance = 16; distance > 0; distance /= 2) {
        count += __shfl_down_sync(QUERN_ALL_LANES, count, distance);
      }
      before += count;
    }
    if (lane == 0) {
      lovasz_publish_inclusive(word, chunk, chunks, before + own);
      foreground = before;
    }
  }
  __syncthreads();
  return foreground;
}

typedef struct {
  const unsigned int *keys;
  const unsigned int *payloads;
  const QuernLovaszList *lists;
  unsigned int *counts;
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
// the logits of the hinge, else to the probabilities. counts is where the chunks' foreground is looked
// back for: a ticket and a word for each chunk; null if lists have one chunk.
QUERN_KERNEL(lovasz_gradient, LovaszGradientArgs) {
  LovaszChunk chunk = lovasz_chunk(args, args.counts, true);
  int elements = chunk.elements;
  if (elements == 0) {
    return;
  }
  long long list = chunk.list;
  const unsigned int *keys = args.keys + chunk.start;
  const unsigned int *payloads = args.payloads + chunk.start;
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
  if (args.counts) {
    before += lovasz_foreground_before(args.counts, chunk, args.chunks, all);
  }
  unsigned int foreground = args.lists[list].foreground;
  unsigned int first = (unsigned int)(chunk.number * QUERN_SORT_CHUNK);
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
      loss[0] += quern_lovasz_share(error, step);
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
    args.partials[list * args.chunks + chunk.number] = sums[0];
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
