package org.zeroseg.zsi;

/**
 * How the network describes a box relative to another: dx, dy by its width and height, dw, dh by
 * the logarithm (Girshick et al. 2014, App. C), each divided by a standard deviation. The last
 * pixel belongs to a box.
 *
 * @param centre standard deviation of dx and dy
 * @param size standard deviation of dw and dh
 */
record Deltas(float centre, float size) {

  /** Of the proposal network. */
  static final Deltas PROPOSALS = new Deltas(1, 1);

  /** Of the detector. */
  static final Deltas DETECTIONS = new Deltas(0.1f, 0.2f);

  /** No box grows or shrinks by more than 1000/16 at once. */
  private static final float LIMIT = (float) Math.abs(Math.log(16 / 1000.0));

  /**
   * The boxes that deltas describe, cut at the picture's edges.
   *
   * @param boxes {@code [n, 4]}
   * @param deltas {@code [n, slots, 4]}
   * @param slots deltas of each box
   * @param width of the picture; infinite to cut nothing
   * @param height of the picture
   * @return {@code [n, slots, 4]}
   */
  float[] decode(float[] boxes, float[] deltas, int slots, double width, double height) {
    float[] decoded = new float[deltas.length];
    float right = (float) (width - 1);
    float bottom = (float) (height - 1);
    boolean cut = right < Float.POSITIVE_INFINITY;
    for (int i = 0; i < boxes.length; i += 4) {
      float w = boxes[i + 2] - boxes[i] + 1;
      float h = boxes[i + 3] - boxes[i + 1] + 1;
      float x = (boxes[i] + boxes[i + 2]) * 0.5f;
      float y = (boxes[i + 1] + boxes[i + 3]) * 0.5f;
      for (int at = i * slots; at < (i + 4) * slots; at += 4) {
        float gw = w * (float) Math.exp(clamp(deltas[at + 2] * size, -LIMIT, LIMIT));
        float gh = h * (float) Math.exp(clamp(deltas[at + 3] * size, -LIMIT, LIMIT));
        float gx = x + w * (deltas[at] * centre);
        float gy = y + h * (deltas[at + 1] * centre);
        decoded[at] = gx - gw * 0.5f + 0.5f;
        decoded[at + 1] = gy - gh * 0.5f + 0.5f;
        decoded[at + 2] = gx + gw * 0.5f - 0.5f;
        decoded[at + 3] = gy + gh * 0.5f - 0.5f;
        if (cut) {
          decoded[at] = clamp(decoded[at], 0, right);
          decoded[at + 1] = clamp(decoded[at + 1], 0, bottom);
          decoded[at + 2] = clamp(decoded[at + 2], 0, right);
          decoded[at + 3] = clamp(decoded[at + 3], 0, bottom);
        }
      }
    }
    return decoded;
  }

  private static float clamp(float value, float low, float high) {
    return Math.max(low, Math.min(high, value));
  }

  /** Writes into {@code deltas}, from {@code to}, what describes one box relative to another. */
  void encode(float[] boxes, int from, float[] targets, int target, float[] deltas, int to) {
    float w = boxes[from + 2] - boxes[from] + 1;
    float h = boxes[from + 3] - boxes[from + 1] + 1;
    float gw = targets[target + 2] - targets[target] + 1;
    float gh = targets[target + 3] - targets[target + 1] + 1;
    float dx = (targets[target] + targets[target + 2] - boxes[from] - boxes[from + 2]) * 0.5f / w;
    float dy =
        (targets[target + 1] + targets[target + 3] - boxes[from + 1] - boxes[from + 3]) * 0.5f / h;
    deltas[to] = dx / centre;
    deltas[to + 1] = dy / centre;
    deltas[to + 2] = (float) Math.log(gw / w) / size;
    deltas[to + 3] = (float) Math.log(gh / h) / size;
  }
}
