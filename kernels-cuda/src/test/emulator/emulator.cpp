// The part of CUDA's driver interface that the backend calls, on the CPU: enough to run the backend
// as it is, from its calls through JCuda to the arithmetic of its kernels, where there is no GPU.
// Everything is done when a call returns. The threads of a block are coroutines; blocks, and threads
// between two barriers, run in an order that differs from launch to launch, so that a result that
// depends on the order gives different bits.
//
// A kernel of its own, emulated_fault, fails as one that reads where it must not: every later call
// on its device says so. emulated_failure has a function of the driver fail once. There are two
// devices; a handle or an address of one is refused by the other.

#include "emulation.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

Index threadIdx;
Index blockIdx;
Index gridDim;

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

struct Kernel {
  std::string name;
  KernelCall call;
  size_t argument_bytes;
};

std::map<std::string, Kernel> &kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

constexpr size_t STACK_BYTES = 64 << 10;

struct Barrier {
  int arrived = 0;
  long generation = 0;
};

struct Thread {
  std::vector<char> memory;
  void *stack;  // where it goes on
  bool done;
  int exchanges;
  unsigned char offers[2][16];
};

std::vector<Thread> threads;
void *scheduler;
unsigned int current;
int live;
int live_lanes[32];
Barrier block_barrier;
Barrier warp_barriers[32];
KernelCall running;
const void *running_arguments;
uint64_t shuffle_state = 1;

unsigned int random_below(unsigned int bound) {
  shuffle_state = shuffle_state * 6364136223846793005ull + 1442695040888963407ull;
  return (unsigned int)((shuffle_state >> 33) % bound);
}

std::vector<unsigned int> random_order(unsigned int count) {
  std::vector<unsigned int> order(count);
  for (unsigned int i = 0; i < count; i++) {
    unsigned int j = random_below(i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  return order;
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
    switch_stack(&threads[current].stack, scheduler);
  }
}

// A coroutine is made once and runs one thread of every block.
void thread_main() {
  for (;;) {
    running(running_arguments);
    threads[current].done = true;
    live--;
    live_lanes[current / 32]--;
    release_if_all_arrived(block_barrier, live);
    release_if_all_arrived(warp_barriers[current / 32], live_lanes[current / 32]);
    switch_stack(&threads[current].stack, scheduler);
  }
}

void make_threads(unsigned int count) {
  if (threads.size() >= count) {
    return;
  }
  threads.resize(count);
  for (Thread &thread : threads) {
    thread.memory.resize(STACK_BYTES);
    // as switch_stack leaves a stack: six registers, then where to return to; at a function's entry
    // the stack is 8 bytes off a multiple of 16
    uintptr_t top = ((uintptr_t)thread.memory.data() + STACK_BYTES) / 16 * 16;
    void **stack = (void **)(top - 64);
    stack[6] = (void *)thread_main;
    thread.stack = stack;
  }
}

void run_block(unsigned int block, unsigned int size) {
  blockIdx.x = block;
  live = (int)size;
  block_barrier = Barrier();
  for (unsigned int w = 0; w < 32; w++) {
    live_lanes[w] = 0;
    warp_barriers[w] = Barrier();
  }
  for (unsigned int t = 0; t < size; t++) {
    threads[t].done = false;
    threads[t].exchanges = 0;
    live_lanes[t / 32]++;
  }
  std::vector<unsigned int> order = random_order(size);
  for (long rounds = 0; live > 0; rounds++) {
    if (rounds > 100000) {
      fprintf(stderr, "emulator: the threads of a block wait for each other at different barriers\n");
      abort();
    }
    for (unsigned int t : order) {
      if (!threads[t].done) {
        current = t;
        threadIdx.x = t;
        switch_stack(&scheduler, threads[t].stack);
      }
    }
  }
}

constexpr int DEVICES = 2;
constexpr size_t MEMORY_BYTES = 4ull << 30;

// A device, its primary context, and what stands for any stream, event or module on it.
struct Device {
  int sticky = 0;
  size_t allocated = 0;
};

Device devices[DEVICES];
thread_local Device *chosen = devices;

struct Block {
  Device *device;
  size_t bytes;
};

std::unordered_map<uint64_t, Block> &blocks() {
  static std::unordered_map<uint64_t, Block> all;
  return all;
}

// What the next call of a function is to fail with.
std::map<std::string, int> &failures() {
  static std::map<std::string, int> all;
  return all;
}

int failure(const char *function) {
  auto found = failures().find(function);
  if (found == failures().end()) return 0;
  int error = found->second;
  failures().erase(found);
  return error;
}

// Whether an address range lies within one block of the current device.
bool is_inside(uint64_t address, size_t bytes) {
  for (auto &[start, block] : blocks()) {
    if (address >= start && address + bytes <= start + block.bytes) return block.device == chosen;
  }
  return false;
}

}  // namespace

Registration::Registration(const char *name, KernelCall call, size_t argument_bytes) {
  kernels()[name] = {name, call, argument_bytes};
}

void __syncthreads() { wait(block_barrier, live); }

void sync_warp() { wait(warp_barriers[current / 32], live_lanes[current / 32]); }

int lane() { return (int)(current % 32); }

void offer(const void *value, size_t bytes) {
  Thread &thread = threads[current];
  thread.exchanges++;
  memcpy(thread.offers[thread.exchanges % 2], value, bytes);
}

const unsigned char *offered(int distance) {
  return threads[current + distance].offers[threads[current].exchanges % 2];
}

unsigned int __ballot_sync(unsigned int, int predicate) {
  bool own = predicate != 0;
  offer(&own, 1);
  sync_warp();
  const Thread *warp = &threads[current / 32 * 32];
  int turn = threads[current].exchanges % 2;
  unsigned int ballot = 0;
  for (int l = 0; l < 32; l++) {
    ballot |= (unsigned int)warp[l].offers[turn][0] << l;
  }
  return ballot;
}

struct EmulatedFaultArgs {
  int unused;
};

QUERN_KERNEL(emulated_fault, EmulatedFaultArgs) { chosen->sticky = 700; }

#define DRIVER extern "C" __attribute__((visibility("default"))) int
#define RETURN_IF_FAILED \
  if (int error = failure(__func__)) return error

// For calls that use the current context.
#define ENTER       \
  RETURN_IF_FAILED; \
  if (chosen->sticky) return chosen->sticky

// For calls with a handle: one of another device's is refused as by the driver.
#define ENTER_WITH(handle) \
  ENTER;                   \
  if ((handle) != chosen) return 400

// Has the next call of a function fail with an error; no part of the driver.
DRIVER emulated_failure(const char *function, int error) {
  return failures()[function] = error, 0;
}

DRIVER cuInit(unsigned int) {
  RETURN_IF_FAILED;
  return 0;
}
DRIVER cuDriverGetVersion(int *version) { return *version = 13000, 0; }
DRIVER cuDeviceGetCount(int *count) {
  RETURN_IF_FAILED;
  return *count = DEVICES, 0;
}
DRIVER cuDeviceGet(int *device, int ordinal) {
  return ordinal < 0 || ordinal >= DEVICES ? 101 : (*device = ordinal, 0);
}
DRIVER cuDeviceGetName(char *name, int size, int) {
  return snprintf(name, (size_t)size, "emulated device"), 0;
}
DRIVER cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = MEMORY_BYTES, 0; }
DRIVER cuDeviceGetAttribute(int *value, int attribute, int) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
  return 0;
}
DRIVER cuDevicePrimaryCtxRetain(void **context, int device) {
  RETURN_IF_FAILED;
  return *context = devices + device, 0;
}
DRIVER cuDevicePrimaryCtxRelease_v2(int device) { return devices[device].sticky = 0; }
DRIVER cuCtxSetCurrent(void *context) { return chosen = (Device *)context, 0; }
DRIVER cuMemGetInfo_v2(size_t *left, size_t *total) {
  ENTER;
  *left = MEMORY_BYTES - chosen->allocated;
  *total = MEMORY_BYTES;
  return 0;
}
DRIVER cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  ENTER;
  if (bytes == 0) return 1;
  if (bytes > MEMORY_BYTES - chosen->allocated) return 2;
  *address = (uint64_t)aligned_alloc(256, (bytes + 255) / 256 * 256);
  blocks()[*address] = {chosen, bytes};
  chosen->allocated += bytes;
  return 0;
}
DRIVER cuMemFree_v2(uint64_t address) {
  RETURN_IF_FAILED;
  auto block = blocks().find(address);
  if (block == blocks().end() || block->second.device != chosen) return 1;
  chosen->allocated -= block->second.bytes;
  blocks().erase(block);
  free((void *)address);
  return chosen->sticky;
}
DRIVER cuMemAllocHost_v2(void **address, size_t bytes) {
  ENTER;
  *address = malloc(bytes);
  return 0;
}
DRIVER cuMemFreeHost(void *address) { return free(address), chosen->sticky; }
DRIVER cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(target, bytes)) return 1;
  memcpy((void *)target, source, bytes);
  return 0;
}
DRIVER cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(source, bytes)) return 1;
  memcpy(target, (void *)source, bytes);
  return 0;
}
DRIVER cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(source, bytes) || !is_inside(target, bytes)) return 1;
  memcpy((void *)target, (void *)source, bytes);
  return 0;
}
DRIVER cuStreamCreate(void **stream, unsigned int) {
  ENTER;
  return *stream = chosen, 0;
}
DRIVER cuStreamSynchronize(void *stream) {
  ENTER_WITH(stream);
  return 0;
}
DRIVER cuStreamDestroy_v2(void *) { return chosen->sticky; }
DRIVER cuEventCreate(void **event, unsigned int) {
  ENTER;
  return *event = chosen, 0;
}
DRIVER cuEventRecord(void *event, void *stream) {
  ENTER_WITH(stream);
  return event == stream ? 0 : 400;
}
DRIVER cuEventSynchronize(void *event) {
  ENTER_WITH(event);
  return 0;
}
DRIVER cuEventDestroy_v2(void *) { return chosen->sticky; }
DRIVER cuModuleLoadData(void **module, const void *) {
  ENTER;
  return *module = chosen, 0;
}
DRIVER cuModuleUnload(void *) { return chosen->sticky; }
DRIVER cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER_WITH(module);
  auto found = kernels().find(name);
  if (found == kernels().end()) return 500;
  *function = &found->second;
  return 0;
}
DRIVER cuLaunchKernel(
    void *function, unsigned int grid, unsigned int grid_y, unsigned int grid_z, unsigned int size,
    unsigned int size_y, unsigned int size_z, unsigned int, void *stream, void **parameters,
    void **) {
  ENTER_WITH(stream);
  if (grid == 0 || grid_y != 1 || grid_z != 1 || size != 256 || size_y != 1 || size_z != 1) return 1;
  const Kernel *kernel = (const Kernel *)function;
  make_threads(size);
  std::vector<char> arguments(kernel->argument_bytes);
  memcpy(arguments.data(), parameters[0], arguments.size());
  running = kernel->call;
  running_arguments = arguments.data();
  gridDim.x = grid;
  for (unsigned int block : random_order(grid)) {
    run_block(block, size);
  }
  return 0;
}
