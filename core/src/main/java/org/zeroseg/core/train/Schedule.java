package org.zeroseg.core.train;

/** The learning rate of every step of a training. */
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
