package org.zeroseg.core.cluster;

/**
 * Of every cluster the few that are nearest to it, and a horizon: whatever is not listed is no
 * nearer. Distances are the squared heights of merging.
 */
final class NearLists {

  /** Neighbours that a list holds. */
  static final int MOST = 32;

  private final int[] listed;
  private final double[] distance;
  private final int[] size;
  private final double[] horizon;

  NearLists(int clusters) {
    listed = new int[clusters * MOST];
    distance = new double[clusters * MOST];
    size = new int[clusters];
    horizon = new double[clusters];
  }

  int size(int slot) {
    return size[slot];
  }

  int get(int slot, int place) {
    return listed[slot * MOST + place];
  }

  double distance(int slot, int place) {
    return distance[slot * MOST + place];
  }

  /** The nearest, or -1 where the list does not reach as far. */
  int nearest(int slot) {
    return size[slot] > 0 && distance(slot) <= horizon[slot] ? get(slot, 0) : -1;
  }

  double distance(int slot) {
    return distance[slot * MOST];
  }

  double horizon(int slot) {
    return horizon[slot];
  }

  void limit(int slot, double nearest) {
    horizon[slot] = nearest;
  }

  /** Begins a new list, which shall hold the nearest of all. */
  void clear(int slot) {
    size[slot] = 0;
    horizon[slot] = Double.POSITIVE_INFINITY;
  }

  /** Begins a new list within the old horizon. */
  void empty(int slot) {
    size[slot] = 0;
  }

  /** Ends a list: one that is full tells nothing of what lies beyond its last. */
  void close(int slot) {
    if (size[slot] == MOST) {
      horizon[slot] = Math.min(horizon[slot], distance(slot, MOST - 1));
    }
  }

  /** Lists a cluster; a full list drops its last, which becomes the horizon. */
  void list(int slot, int candidate, double d) {
    int first = slot * MOST;
    int at = first + size[slot];
    if (size[slot] == MOST) {
      at--;
      horizon[slot] = Math.min(horizon[slot], Math.max(d, distance[at]));
      if (d >= distance[at]) {
        return;
      }
    } else {
      size[slot]++;
    }
    for (; at > first && distance[at - 1] > d; at--) {
      listed[at] = listed[at - 1];
      distance[at] = distance[at - 1];
    }
    listed[at] = candidate;
    distance[at] = d;
  }
}
