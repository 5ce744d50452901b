// Runs kernels on the CPU. The threads of a block are coroutines of one thread of the system; between
// two barriers they run in an order that differs from block to block and from launch to launch, and so
// do the blocks, so that a result that depends on the order gives different bits. Usually one block
// runs at a time. Asked to, several run on threads of the system beside each other, begin in the order
// wanted and are held up here and there, so that those that need what others publish have to wait.
// There are never more blocks under way than threads: one that waits for a block that cannot begin
// before it ends would wait for ever, as on a device, and ends the process with a message.

#include "emulation.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

__thread Index threadIdx;
__thread Index blockIdx;
__thread Index gridDim;

// Leaves the registers a function must keep on the stack, notes where, and goes on at another stack
// left so. The library's ways of doing this make a system call each time.
extern "C" void switch_stack(void **from, void *to);
asm(R"(
.text
.hidden switch_stack
.globl switch_stack
switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace {

std::map<std::string, Kernel> &kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

struct Random {
  uint64_t state;

  unsigned int below(unsigned int bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned int)((state >> 33) % bound);
  }

  std::vector<unsigned int> order(unsigned int count) {
    std::vector<unsigned int> order(count);
    for (unsigned int i = 0; i < count; i++) {
      unsigned int j = below(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
};

constexpr size_t STACK_BYTES = 64 << 10;
constexpr unsigned int THREADS = 256;

struct Barrier {
  int arrived;
  long generation;
};

struct Coroutine {
  std::unique_ptr<char[]> memory;
  void *stack;  // where it goes on
  bool done;
  int exchanges;
  unsigned char offers[2][16];
};

// What runs one block at a time; each thread of the system has its own.
struct Worker {
  Coroutine threads[THREADS];
  void *scheduler;
  unsigned int current;
  int live;
  int live_lanes[THREADS / 32];
  Barrier block_barrier;
  Barrier warp_barriers[THREADS / 32];
  KernelCall running;
  const void *arguments;
  Random random;
  unsigned int delay;
};

__thread Worker *worker;

void resume(unsigned int t) {
  worker->current = t;
  threadIdx.x = t;
  switch_stack(&worker->scheduler, worker->threads[t].stack);
}

void suspend() {
  switch_stack(&worker->threads[worker->current].stack, worker->scheduler);
}

void release_if_all_arrived(Barrier &barrier, int expected) {
  if (barrier.arrived > 0 && barrier.arrived >= expected) {
    barrier.arrived = 0;
    barrier.generation++;
  }
}

void wait(Barrier &barrier, int expected) {
  long generation = barrier.generation;
  barrier.arrived++;
  release_if_all_arrived(barrier, expected);
  while (barrier.generation == generation) {
    suspend();
  }
}

// A coroutine is made once and runs one thread of every block.
void coroutine_main() {
  for (;;) {
    worker->running(worker->arguments);
    unsigned int warp = worker->current / 32;
    worker->threads[worker->current].done = true;
    worker->live--;
    worker->live_lanes[warp]--;
    release_if_all_arrived(worker->block_barrier, worker->live);
    release_if_all_arrived(worker->warp_barriers[warp], worker->live_lanes[warp]);
    suspend();
  }
}

void make_worker() {
  static thread_local std::unique_ptr<Worker> own(new Worker());
  worker = own.get();
  for (Coroutine &coroutine : worker->threads) {
    coroutine.memory.reset(new char[STACK_BYTES]);
    // as switch_stack leaves a stack: six registers, then where to return to; at a function's entry
    // the stack is 8 bytes off a multiple of 16
    uintptr_t top = ((uintptr_t)coroutine.memory.get() + STACK_BYTES) / 16 * 16;
    void **stack = (void **)(top - 64);
    stack[6] = (void *)coroutine_main;
    coroutine.stack = stack;
  }
}

struct Launch {
  KernelCall call;
  const void *arguments;
  unsigned int size;
  uint64_t seed;
  unsigned int delay;
  std::vector<unsigned int> order;
  std::atomic<size_t> begun{0};
};

void run_block(const Launch &launch, unsigned int block) {
  worker->running = launch.call;
  worker->arguments = launch.arguments;
  worker->random = {launch.seed + block * 0x9e3779b97f4a7c15ull};
  worker->delay = launch.delay;
  blockIdx.x = block;
  gridDim.x = (unsigned int)launch.order.size();
  worker->live = (int)launch.size;
  worker->block_barrier = {};
  for (unsigned int w = 0; w < THREADS / 32; w++) {
    worker->live_lanes[w] = 0;
    worker->warp_barriers[w] = {};
  }
  for (unsigned int t = 0; t < launch.size; t++) {
    worker->threads[t].done = false;
    worker->threads[t].exchanges = 0;
    worker->live_lanes[t / 32]++;
  }
  std::vector<unsigned int> order = worker->random.order(launch.size);
  for (long rounds = 0; worker->live > 0; rounds++) {
    if (rounds > 100000) {
      fprintf(stderr, "emulator: the threads of a block wait for each other at different barriers\n");
      abort();
    }
    for (unsigned int t : order) {
      if (!worker->threads[t].done) {
        resume(t);
      }
    }
  }
}

// Runs the blocks that no other worker has begun.
void work(Launch &launch) {
  if (!worker) {
    make_worker();
  }
  for (;;) {
    size_t next = launch.begun.fetch_add(1);
    if (next >= launch.order.size()) {
      return;
    }
    run_block(launch, launch.order[next]);
  }
}

// Threads of the system that work on one launch after another.
class Pool {
 public:
  void run(Launch &launch, int count) {
    std::unique_lock<std::mutex> lock(mutex);
    for (; started < count; started++) {
      std::thread(&Pool::work_for_ever, this, started).detach();
    }
    current = &launch;
    wanted = count;
    working = count;
    generation++;
    changed.notify_all();
    changed.wait(lock, [&] { return working == 0; });
  }

 private:
  void work_for_ever(int index) {
    long seen = 0;
    for (;;) {
      Launch *launch;
      {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return generation != seen; });
        seen = generation;
        if (index >= wanted) {
          continue;
        }
        launch = current;
      }
      work(*launch);
      std::lock_guard<std::mutex> lock(mutex);
      if (--working == 0) {
        changed.notify_all();
      }
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  int started = 0;
  int wanted = 0;
  int working = 0;
  long generation = 0;
  Launch *current = nullptr;
};

std::mutex launching;
Concurrency concurrency = {};
Random launches = {1};
std::atomic<long> waits{0};

}  // namespace

Registration::Registration(const char *name, KernelCall call, size_t argument_bytes) {
  kernels()[name] = {call, argument_bytes, 0};
}

const Kernel *find_kernel(const char *name) {
  auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

void set_concurrency(Concurrency chosen) {
  std::lock_guard<std::mutex> lock(launching);
  concurrency = chosen;
  if (chosen.threads > 0) {
    launches = {chosen.seed};
  }
}

long take_waits() { return waits.exchange(0); }

void run_kernel(const Kernel &kernel, const void *arguments, unsigned int grid, unsigned int size) {
  // never destroyed: its threads run as long as the process
  static Pool *pool = new Pool();
  std::lock_guard<std::mutex> lock(launching);
  Launch launch;
  launch.call = kernel.call;
  launch.arguments = arguments;
  launch.size = size;
  launch.seed = ((uint64_t)launches.below(1u << 31) << 32) + launches.below(1u << 31);
  launch.delay = concurrency.delay;
  launch.order = launches.order(grid);
  if (concurrency.threads == 0) {
    work(launch);
    return;
  }
  for (unsigned int i = 0; concurrency.order != SHUFFLED && i < grid; i++) {
    launch.order[i] = concurrency.order == ASCENDING ? i : grid - 1 - i;
  }
  pool->run(launch, concurrency.threads);
}

void publish(unsigned int *word, unsigned int value) {
  // one word in 64 late is enough to hold up every block a few times
  if (worker->delay > 0 && worker->random.below(64) == 0) {
    usleep(worker->random.below(worker->delay));
  }
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

unsigned int peek(const unsigned int *word) {
  static __thread std::chrono::steady_clock::rep since;
  unsigned int value = __atomic_load_n(word, __ATOMIC_RELAXED);
  if (value != 0) {
    since = 0;
    return value;
  }
  waits.fetch_add(1, std::memory_order_relaxed);
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (since == 0) {
    since = now.count();
  } else if (now - std::chrono::steady_clock::duration(since) > std::chrono::seconds(20)) {
    fprintf(stderr, "emulator: block %u waits for one that does not come\n", blockIdx.x);
    abort();
  }
  sched_yield();
  return value;
}

void __syncthreads() { wait(worker->block_barrier, worker->live); }

void sync_warp() {
  unsigned int warp = worker->current / 32;
  wait(worker->warp_barriers[warp], worker->live_lanes[warp]);
}

int lane() { return (int)(worker->current % 32); }

void offer(const void *value, size_t bytes) {
  Coroutine &thread = worker->threads[worker->current];
  thread.exchanges++;
  memcpy(thread.offers[thread.exchanges % 2], value, bytes);
}

const unsigned char *offered(int distance) {
  unsigned int current = worker->current;
  return worker->threads[current + distance].offers[worker->threads[current].exchanges % 2];
}

unsigned int __ballot_sync(unsigned int, int predicate) {
  bool own = predicate != 0;
  offer(&own, 1);
  sync_warp();
  const Coroutine *warp = &worker->threads[worker->current / 32 * 32];
  int turn = worker->threads[worker->current].exchanges % 2;
  unsigned int ballot = 0;
  for (int l = 0; l < 32; l++) {
    ballot |= (unsigned int)warp[l].offers[turn][0] << l;
  }
  return ballot;
}
