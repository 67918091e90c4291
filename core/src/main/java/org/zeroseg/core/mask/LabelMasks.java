package org.zeroseg.core.mask;

import java.util.Map;
import java.util.TreeMap;

/**
 * The masks of all labels of a map: their boxes first, so that a rare label takes little memory.
 */
final class LabelMasks {

  /** A label's block of words. */
  private static final class Block {
    private int left = Integer.MAX_VALUE;
    private int right;
    private final int top;
    private int bottom;
    private long[] words = {};

    Block(int top) {
      this.top = top;
    }

    void hold(int y, int from, int to) {
      left = Math.min(left, from);
      right = Math.max(right, to);
      bottom = y + 1;
    }

    int first() {
      return left >> 6;
    }

    int stride() {
      return ((right - 1) >> 6) - first() + 1;
    }

    void set(int y, int from, int to) {
      if (words.length == 0) {
        words = new long[(bottom - top) * stride()];
      }
      int shift = first() << 6;
      Bits.set(words, (y - top) * stride(), from - shift, to - shift);
    }
  }

  /** Takes a run of equal labels in a row. */
  @FunctionalInterface
  private interface Runs {
    void accept(int label, int y, int from, int to);
  }

  private LabelMasks() {}

  static Map<Integer, Mask> of(int width, int height, short[] labels) {
    Block[] blocks = new Block[1 << Short.SIZE];
    forEach(
        width,
        height,
        labels,
        (label, y, from, to) -> {
          blocks[label] = blocks[label] == null ? new Block(y) : blocks[label];
          blocks[label].hold(y, from, to);
        });
    forEach(width, height, labels, (label, y, from, to) -> blocks[label].set(y, from, to));
    Map<Integer, Mask> masks = new TreeMap<>();
    for (int label = 0; label < blocks.length; label++) {
      Block block = blocks[label];
      if (block != null) {
        masks.put(
            label, new Mask(width, height, block.words, block.top, block.first(), block.stride()));
      }
    }
    return masks;
  }

  private static void forEach(int width, int height, short[] labels, Runs runs) {
    for (int y = 0; y < height; y++) {
      int row = y * width;
      for (int from = 0; from < width; ) {
        short label = labels[row + from];
        int to = from + 1;
        while (to < width && labels[row + to] == label) {
          to++;
        }
        if (label != 0) {
          runs.accept(Short.toUnsignedInt(label), y, from, to);
        }
        from = to;
      }
    }
  }
}
