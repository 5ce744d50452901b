// The sort of the Lovasz losses under the thread sanitizer, a program of its own: many lists of few
// distinct keys, blocks beside each other in every order, and what comes out compared with a stable
// sort. The sanitizer reports every access to a word that another block changes at the same time,
// unless both say that they share it. Run:
//
//     g++ -g -O1 -std=c++17 -ffp-contract=off -fsanitize=thread -pthread -Wno-unknown-pragmas
//         -Isrc/test/emulator -Isrc/main/cuda -I../kernels-gpu/src/main/resources/META-INF/quern/formulas
//         src/test/emulator/blocks.cpp src/test/emulator/sanitize_sort.cpp -o target/sanitize_sort
//     target/sanitize_sort

#include "emulation.h"

#include "lovasz_sort.cu"

#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

namespace {

using Words = std::vector<unsigned int>;

template <class Args>
void launch(const char *name, const Args &args, long long blocks) {
  run_kernel(*find_kernel(name), &args, (unsigned int)blocks, QUERN_THREADS);
}

// Sorts lists of equal length as dev.quern.cuda.CudaLovaszSort does, and returns whether they are.
bool sort_lists(long long count, long long length, unsigned int distinct, std::mt19937 &random) {
  Words keys(count * length);
  Words payloads(keys.size());
  for (size_t i = 0; i < keys.size(); i++) {
    float error = (float)(random() % distinct) / distinct - 0.25f;
    keys[i] = quern_lovasz_key(error, random() & 1);
    payloads[i] = (unsigned int)(i % length);
  }
  Words expected_keys = keys;
  Words expected_payloads = payloads;
  std::vector<long long> kept(count);
  for (long long list = 0; list < count; list++) {
    std::vector<long long> order;
    for (long long i = list * length; i < (list + 1) * length; i++) {
      if (quern_lovasz_is_kept(keys[i])) {
        order.push_back(i);
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](long long a, long long b) {
      return (keys[a] & QUERN_LOVASZ_DROPPED) < (keys[b] & QUERN_LOVASZ_DROPPED);
    });
    kept[list] = (long long)order.size();
    for (size_t i = 0; i < order.size(); i++) {
      expected_keys[list * length + i] = keys[order[i]];
      expected_payloads[list * length + i] = payloads[order[i]];
    }
  }
  long long chunks = (length + QUERN_SORT_CHUNK - 1) / QUERN_SORT_CHUNK;
  std::vector<QuernLovaszList> lists(count);
  Words digits(count * QUERN_PLACES * QUERN_DIGITS);
  Words look_backs[2];
  look_backs[0].resize(QUERN_TICKET_WORDS + count * (chunks - 1) * QUERN_DIGITS);
  look_backs[1].resize(look_backs[0].size(), 0xa5a5a5a5u);
  Words halves[4] = {keys, payloads, Words(keys.size()), Words(keys.size())};
  launch(
      "lovasz_histogram",
      LovaszHistogramArgs{halves[0].data(), lists.data(), digits.data(), length},
      count * ((length + QUERN_HISTOGRAM_ELEMENTS - 1) / QUERN_HISTOGRAM_ELEMENTS));
  for (int place = 0; place < QUERN_PLACES; place++) {
    int from = place % 2;
    launch(
        "lovasz_scatter",
        LovaszScatterArgs{
            halves[2 * from].data(), halves[2 * from + 1].data(), halves[2 - 2 * from].data(),
            halves[3 - 2 * from].data(), lists.data(), digits.data(), look_backs[from].data(),
            look_backs[1 - from].data(), length, chunks, 8 * place},
        count * chunks);
  }
  for (long long list = 0; list < count; list++) {
    if (lists[list].kept != kept[list]) {
      return false;
    }
    for (long long i = list * length; i < list * length + kept[list]; i++) {
      if (halves[0][i] != expected_keys[i] || halves[1][i] != expected_payloads[i]) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

int main() {
  unsigned int seed = std::random_device()();
  printf("seed %u\n", seed);
  fflush(stdout);
  std::mt19937 random(seed);
  for (Order order : {SHUFFLED, ASCENDING, DESCENDING}) {
    for (int threads : {2, 4}) {
      set_concurrency({threads, order, seed, 200});
      for (long long length : {4097LL, 3 * 4096LL, 20 * 4096LL - 1}) {
        for (unsigned int distinct : {3u, 1000000u}) {
          if (!sort_lists(3, length, distinct, random)) {
            printf("lists of %lld, order %d, %d threads: not sorted\n", length, order, threads);
            return 1;
          }
        }
      }
    }
  }
  printf("sorted; %ld waits\n", take_waits());
  return 0;
}
