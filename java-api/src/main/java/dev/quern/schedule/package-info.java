/**
 * Learning-rate schedules as immutable configurations with pure steps.
 *
 * <p>A schedule is a record of its parameters. Its progress is a separate immutable {@code State}
 * record: {@code step} takes a state and returns the next one, so saving the state after any step
 * and going on from it later gives exactly the same learning rates as never having stopped.
 *
 * <p>A schedule yields, for each parameter group, a <em>factor</em> of that group's base learning
 * rate. Several schedules on one optimizer multiply: {@code lr = base x factor1 x factor2 x ...};
 * none overwrites what another one did. {@link dev.quern.schedule.ScheduleProduct} holds several.
 *
 * <p>The state of a {@link dev.quern.schedule.ClosedFormSchedule} is the number of steps alone.
 */
package dev.quern.schedule;
