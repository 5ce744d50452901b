package dev.quern.bench.speed.result;

/**
 * How far a device's result lies from the reference backend's.
 *
 * @param device its name
 * @param benchmark the benchmark's name
 * @param elements how many elements were compared
 * @param ulps the largest error of any result, in units in the last place: of the element where the
 *     policy judges elements, of the result's largest element where it judges by that
 * @param ofAllowed the largest error as a share of what the policy allows; at most 1 if all is well
 */
public record ParityRow(
    String device, String benchmark, long elements, double ulps, double ofAllowed) {}
