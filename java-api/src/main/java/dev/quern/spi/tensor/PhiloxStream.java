package dev.quern.spi.tensor;

/**
 * Names one sequence of random numbers of Philox4x32-10 (Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). The key is the seed (low word first); the counter's words are
 * {@code (element >>> 2, sample, epoch, stream)}, and {@code element & 3} picks one of the four
 * words generated, so a number depends on where it stands and never on who draws it when.
 *
 * @param seed the key
 * @param stream what the numbers are for
 * @param epoch the pass over the data
 * @param sample the sample within it
 */
public record PhiloxStream(long seed, int stream, int epoch, int sample) {}
