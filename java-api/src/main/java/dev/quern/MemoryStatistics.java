package dev.quern;

/**
 * The device memory of one engine, in bytes.
 *
 * @param live held by tensors now
 * @param peak the largest value of {@code live} so far
 * @param reserved taken from the device: {@code live} and what the allocator keeps for reuse
 * @param allocations how many times the device itself was asked for memory
 */
public record MemoryStatistics(long live, long peak, long reserved, long allocations) {}
