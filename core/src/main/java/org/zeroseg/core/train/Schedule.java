package org.zeroseg.core.train;

import java.util.Arrays;

/** The learning rate of every step of a training run. */
@FunctionalInterface
public interface Schedule {

  /**
   * The rate in force.
   *
   * @param step updates made so far; the first update has 0
   * @return the learning rate
   */
  double rate(long step);

  /**
   * The same rate throughout.
   *
   * @param rate the learning rate
   * @return the schedule
   */
  static Schedule constant(double rate) {
    return step -> rate;
  }

  /**
   * Falls by a power of what is left: {@code base (1 - step / steps)^power}.
   *
   * @param base the rate of step 0
   * @param steps where it reaches zero
   * @param power 0.9 in the papers
   * @param floor the rate never falls below this
   * @return the schedule; the floor after the last step
   */
  static Schedule poly(double base, long steps, double power, double floor) {
    return step -> Math.max(base * Math.pow(Math.max(0, 1 - (double) step / steps), power), floor);
  }

  /**
   * Falls along half a period of the cosine (Loshchilov and Hutter 2017).
   *
   * @param base the rate of step 0
   * @param steps where it reaches the floor
   * @param floor the lowest rate
   * @return the schedule; the floor after the last step
   */
  static Schedule cosine(double base, long steps, double floor) {
    return step -> {
      double done = Math.min(1, (double) step / steps);
      return floor + (base - floor) * (1 + Math.cos(Math.PI * done)) / 2;
    };
  }

  /**
   * Moves in a straight line from one rate to another.
   *
   * @param from the rate of step 0
   * @param to the rate from the given step on
   * @param steps where the line ends
   * @return the schedule
   */
  static Schedule linear(double from, double to, long steps) {
    return step -> step >= steps ? to : from + (to - from) * step / steps;
  }

  /**
   * Falls at once, at each of some steps.
   *
   * @param base the rate of step 0
   * @param factor what the rate is multiplied by at each milestone: 0.1 usually
   * @param milestones steps at which the rate changes, rising
   * @return the schedule
   */
  static Schedule milestones(double base, double factor, long... milestones) {
    long[] rising = milestones.clone();
    Arrays.sort(rising);
    return step -> {
      double rate = base;
      for (int i = 0; i < rising.length && rising[i] <= step; i++) {
        rate *= factor;
      }
      return rate;
    };
  }

  /**
   * Starts at a fraction of this schedule, which rises linearly to all of it (PyTorch's LinearLR,
   * mmdetection's linear warm-up).
   *
   * @param steps length of the rise
   * @param fraction of this schedule's rate at step 0: a third in ZSI
   * @return the schedule with a warm-up
   */
  default Schedule warmUp(long steps, double fraction) {
    return step ->
        step < steps ? rate(step) * (1 - (1 - (double) step / steps) * (1 - fraction)) : rate(step);
  }

  /**
   * Starts by rising linearly from zero to this schedule's first rate, then joins it.
   *
   * @param steps length of the rise
   * @return the schedule with a warm-up
   */
  default Schedule warmUp(long steps) {
    return step -> step < steps ? rate(0) * step / steps : rate(step);
  }

  /**
   * Counts anew in every epoch, as SelfMask's published code does (the rate is a saw-tooth): steps
   * 0 to n - 1 in the first epoch, n, 1, ..., n - 1 in each later one.
   *
   * @param steps steps of an epoch, n
   * @return the saw-tooth of this schedule
   */
  default Schedule restartingEvery(long steps) {
    return step -> rate(step < steps ? step : step % steps == 0 ? steps : step % steps);
  }
}
