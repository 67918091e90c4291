package org.zeroseg.examples.everyday;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.examples.everyday.Everyday.Variety;
import org.zeroseg.examples.scenes.LabelledScene;

/**
 * Makes one scene. It is seen from above, where things lie on the ground, or from the front, where
 * they stand on it before a wall or a sky, those behind first and smaller.
 */
final class Stage {

  /** A thing finds a place only where all earlier ones keep this part of their area visible. */
  private static final double VISIBLE = 0.5;

  private static final int TRIES = 14;

  /** Between the first thing and the others, in place of "and". */
  private static final List<String> JOINTS = List.of(" beside ", " with ", " next to ");

  /** A thing of at least so many pixels in a picture of side 64 is shown. */
  private static final int SPECK = 24;

  private final int size;
  private final double unit;
  private final boolean strong;
  private final CutOuts pictures;
  private final SplittableRandom random;
  private final Ground ground;

  /** The row at which the ground ends; 0 for a view from above. */
  private final double horizon;

  private final double[] rgb;
  private final byte[] owners;
  private final List<Integer> ids = new ArrayList<>();
  private final List<Integer> areas = new ArrayList<>();
  private final double shadowX;
  private final double shadowY;
  private final double darkness;

  Stage(int size, Variety variety, CutOuts pictures, SplittableRandom random) {
    this.size = size;
    this.unit = size / 64.0;
    this.strong = variety == Variety.STRONG;
    this.pictures = pictures;
    this.random = random;
    this.ground = Ground.ALL.get(random.nextInt(Ground.ALL.size()));
    this.horizon = random.nextDouble() < 0.45 ? size * between(0.2, 0.5) : 0;
    this.rgb = new double[3 * size * size];
    this.owners = new byte[size * size];
    double direction = between(0.15, 0.85) * StrictMath.PI; // light from above, shadows below
    this.shadowX = StrictMath.cos(direction);
    this.shadowY = StrictMath.sin(direction);
    this.darkness = between(0.2, 0.5);
    paintGround();
  }

  private double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  private void paintGround() {
    Ground.Surface surface = ground.surface(random);
    double[] colour = new double[3];
    double turn = horizon > 0 ? between(-0.1, 0.1) : between(0, 2) * StrictMath.PI;
    double cos = StrictMath.cos(turn);
    double sin = StrictMath.sin(turn);
    double zoom = between(0.75, 1.5) / unit;
    double shift = between(0, 100);
    double[] high = new double[3];
    double[] low = new double[3];
    backdrop(high, low);
    for (int y = 0; y < size; y++) {
      double depth = y + 0.5 - horizon;
      double far = horizon > 0 ? 1 / (0.3 + depth / (size - horizon)) : 1;
      for (int x = 0; x < size; x++) {
        if (depth < 0) {
          double part = (y + 0.5) / horizon;
          for (int c = 0; c < 3; c++) {
            colour[c] = high[c] + part * (low[c] - high[c]);
          }
        } else {
          double across = zoom * (x + 0.5 - size / 2.0) * far;
          double along = horizon > 0 ? -zoom * 0.6 * size * far : zoom * depth;
          double contrast = Math.min(1, 1.6 / far) / Math.max(1, zoom * unit * 0.8);
          surface.read(
              cos * across + sin * along + shift, cos * along - sin * across, contrast, colour);
        }
        int at = 3 * (y * size + x);
        rgb[at] = colour[0];
        rgb[at + 1] = colour[1];
        rgb[at + 2] = colour[2];
      }
    }
  }

  /** A sky or a wall: colours at the top and above the ground. */
  private void backdrop(double[] high, double[] low) {
    if (ground.outdoors()) {
      double cloudy = random.nextDouble();
      double[] sky = {96 + 90 * cloudy, 156 + 46 * cloudy, 222 - 6 * cloudy};
      for (int c = 0; c < 3; c++) {
        high[c] = sky[c];
        low[c] = 0.4 * sky[c] + 0.6 * (c == 0 ? 236 : 240);
      }
    } else {
      double grey = between(150, 235);
      for (int c = 0; c < 3; c++) {
        high[c] = grey + between(-26, 20);
        low[c] = high[c] - between(4, 24);
      }
    }
  }

  /** Adds things, each in front of those before it, and gives the scene. */
  LabelledScene scene(int... wanted) {
    double[] rows = new double[wanted.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.nextDouble();
    }
    Arrays.sort(rows); // seen from the front, the nearest come last
    for (int i = 0; i < wanted.length; i++) {
      add(wanted[i], rows[i], wanted.length);
    }
    light();
    int[] packed = new int[size * size];
    for (int i = 0; i < packed.length; i++) {
      packed[i] = byteOf(rgb[3 * i]) << 16 | byteOf(rgb[3 * i + 1]) << 8 | byteOf(rgb[3 * i + 2]);
    }
    return new LabelledScene(size, packed, owners, ids, caption());
  }

  private static int byteOf(double value) {
    return Math.max(0, Math.min(255, (int) Math.floor(value + 0.5)));
  }

  private void add(int id, double row, int companions) {
    CutOuts.Thing thing = pictures.thing(id);
    CutOut picture = thing.pictures().get(random.nextInt(thing.pictures().size()));
    Paint paint = paint();
    for (int attempt = 0; attempt < TRIES; attempt++) {
      Layer layer = layer(picture, thing.size(), row, companions, attempt, paint);
      if (layer.visible(size) >= Math.max(SPECK * unit * unit, 0.7 * layer.area())
          && leavesOthersVisible(layer)) {
        ids.add(id);
        areas.add(layer.area());
        cast(layer, thing.size());
        layer.blend((byte) ids.size());
        return;
      }
    }
  }

  private Layer layer(
      CutOut picture, Size kind, double row, int companions, int attempt, Paint paint) {
    double crowd = companions == 1 ? 1 : 0.94 * Math.sqrt(1.6 / companions);
    double usual = companions == 1 ? between(strong ? 0.3 : 0.42, strong ? 1 : 0.82) : crowd;
    double factor = companions == 1 ? 1 : kind.factor() * between(0.5, 0.72);
    double near = horizon > 0 && companions > 1 && !kind.flies() ? 0.75 + 0.35 * row : 1;
    double stretch = strong ? StrictMath.exp(between(-0.25, 0.25)) : between(0.95, 1.05);
    double aspect = picture.aspect() * stretch;
    double slim = Math.max(aspect, 1 / aspect);
    // Slim things are drawn longer, and things shrink where they find no room.
    double longer = size * usual * factor * near * Math.min(1.3, StrictMath.pow(slim, 0.3));
    longer = Math.min(longer, (strong ? 1.1 : 0.92) * size) * StrictMath.pow(0.96, attempt);
    double width = aspect > 1 ? longer : longer * aspect;
    double height = aspect > 1 ? longer / aspect : longer;
    double turns = strong ? 0.5 : horizon > 0 ? 0.06 : 0.22;
    double angle = between(-turns, turns);
    double out = strong ? 0.2 : 0.04; // of its side may lie outside
    double centreX = place(width, out);
    double centreY;
    if (horizon == 0) {
      centreY = place(height, out);
    } else if (kind.flies()) {
      centreY = Math.min(place(height, 0), Math.max(0.7 * horizon, height / 2));
    } else {
      double base = horizon + (size - horizon) * (0.12 + 0.82 * row);
      centreY = Math.max(base - height / 2, height * (0.5 - out));
    }
    return new Layer(picture, paint, centreX, centreY, width, height, angle);
  }

  private double place(double side, double out) {
    double reach = side * (0.5 - out);
    return reach < size / 2.0 ? between(reach, size - reach) : size / 2.0 + between(-1, 1);
  }

  private boolean leavesOthersVisible(Layer layer) {
    int[] visible = new int[ids.size() + 1];
    for (int i = 0; i < owners.length; i++) {
      if (owners[i] != 0 && !layer.covers(i % size, i / size)) {
        visible[owners[i]]++;
      }
    }
    for (int i = 0; i < areas.size(); i++) {
      if (visible[i + 1] < VISIBLE * areas.get(i)) {
        return false;
      }
    }
    return true;
  }

  /** A change of colours: a linear map, so that it acts on premultiplied colours alike. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Paint(double[] matrix, double lift, boolean mirrored) {}

  private Paint paint() {
    double hue = strong ? between(-0.5, 0.5) : between(-0.12, 0.12);
    double saturation = strong ? between(0.5, 1.3) : between(0.88, 1.12);
    if (strong && random.nextInt(12) == 0) {
      saturation = 0;
    }
    double gain = strong ? between(0.65, 1.2) : between(0.86, 1.06);
    double lift = strong ? between(-25, 40) : between(-6, 10);
    double third = 1.0 / 3;
    double cos = StrictMath.cos(hue);
    double sin = StrictMath.sin(hue) * Math.sqrt(third);
    double[] matrix = new double[9];
    for (int to = 0; to < 3; to++) {
      double tint = gain * (strong ? between(0.88, 1.12) : between(0.97, 1.03));
      for (int from = 0; from < 3; from++) {
        double turned = third * (1 - cos);
        if (to == from) {
          turned += cos;
        } else {
          turned += (from - to + 3) % 3 == 1 ? -sin : sin;
        }
        matrix[3 * to + from] = tint * (third * (1 - saturation) + saturation * turned);
      }
    }
    return new Paint(matrix, lift, random.nextBoolean());
  }

  /** A thing's pixels in the picture, premultiplied. */
  private final class Layer {

    private final int left;
    private final int top;
    private final int width;
    private final int height;
    private final double[] argb;
    private final double base;
    private final double middle;
    private final double halfWidth;

    Layer(
        CutOut picture,
        Paint paint,
        double centreX,
        double centreY,
        double wide,
        double high,
        double angle) {
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      double reachX = (Math.abs(cos) * wide + Math.abs(sin) * high) / 2 + 1;
      double reachY = (Math.abs(sin) * wide + Math.abs(cos) * high) / 2 + 1;
      left = (int) Math.floor(centreX - reachX);
      top = (int) Math.floor(centreY - reachY);
      width = (int) Math.ceil(centreX + reachX) - left;
      height = (int) Math.ceil(centreY + reachY) - top;
      base = centreY + high / 2;
      middle = centreX;
      halfWidth = wide / 2;
      argb = new double[4 * width * height];
      CutOut.Sampler sampler = picture.sampler(Math.max(wide, high));
      double[] read = new double[4];
      double[] m = paint.matrix();
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          double dx = left + x + 0.5 - centreX;
          double dy = top + y + 0.5 - centreY;
          double u = (cos * dx + sin * dy) / wide;
          double v = (cos * dy - sin * dx) / high;
          sampler.read(0.5 + (paint.mirrored() ? -u : u), 0.5 + v, read);
          double alpha = read[0] / 255;
          int at = 4 * (y * width + x);
          argb[at] = alpha;
          for (int c = 0; c < 3; c++) {
            double mixed = m[3 * c] * read[1] + m[3 * c + 1] * read[2] + m[3 * c + 2] * read[3];
            argb[at + 1 + c] = Math.max(0, Math.min(255 * alpha, mixed + alpha * paint.lift()));
          }
        }
      }
    }

    int area() {
      return count(Integer.MIN_VALUE / 2, Integer.MAX_VALUE / 2);
    }

    int visible(int side) {
      return count(0, side);
    }

    private int count(int from, int to) {
      int count = 0;
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          boolean inside = top + y >= from && top + y < to && left + x >= from && left + x < to;
          count += inside && argb[4 * (y * width + x)] >= 0.5 ? 1 : 0;
        }
      }
      return count;
    }

    boolean covers(int x, int y) {
      return opacity(x, y) >= 0.5;
    }

    private double opacity(int x, int y) {
      int column = x - left;
      int row = y - top;
      return column < 0 || row < 0 || column >= width || row >= height
          ? 0
          : argb[4 * (row * width + column)];
    }

    void blend(byte owner) {
      for (int y = Math.max(0, top); y < Math.min(size, top + height); y++) {
        for (int x = Math.max(0, left); x < Math.min(size, left + width); x++) {
          int from = 4 * ((y - top) * width + x - left);
          double alpha = argb[from];
          int at = y * size + x;
          for (int c = 0; c < 3; c++) {
            rgb[3 * at + c] = (1 - alpha) * rgb[3 * at + c] + argb[from + 1 + c];
          }
          if (alpha >= 0.5) {
            owners[at] = owner;
          }
        }
      }
    }
  }

  private void cast(Layer layer, Size kind) {
    if (horizon == 0) {
      castOnTable(layer);
    } else if (!kind.flies()) {
      castAtFeet(layer);
    }
  }

  /** The thing's own outline, moved and softened. */
  private void castOnTable(Layer layer) {
    double far = 0.045 * Math.max(layer.width, layer.height);
    int dx = (int) Math.floor(shadowX * far + 0.5);
    int dy = (int) Math.floor(shadowY * far + 0.5);
    int blur = Math.max(1, (int) (0.035 * Math.max(layer.width, layer.height)));
    int margin = 2 * blur;
    int width = layer.width + 2 * margin;
    int height = layer.height + 2 * margin;
    double[] soft = new double[width * height];
    for (int y = 0; y < layer.height; y++) {
      for (int x = 0; x < layer.width; x++) {
        soft[(y + margin) * width + x + margin] = layer.argb[4 * (y * layer.width + x)];
      }
    }
    for (int pass = 0; pass < 2; pass++) {
      soft = blurred(soft, width, height, blur, 1, width);
      soft = blurred(soft, height, width, blur, width, 1);
    }
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        darken(
            layer.left - margin + dx + x,
            layer.top - margin + dy + y,
            darkness * soft[y * width + x]);
      }
    }
  }

  /** A mean over {@code 2 * reach + 1} neighbours along lines. */
  private static double[] blurred(
      double[] from, int length, int lines, int reach, int step, int stride) {
    double[] to = new double[from.length];
    for (int line = 0; line < lines; line++) {
      double sum = 0;
      for (int i = -reach; i < length; i++) {
        sum += i + reach < length ? from[line * stride + (i + reach) * step] : 0;
        sum -= i - reach - 1 >= 0 ? from[line * stride + (i - reach - 1) * step] : 0;
        if (i >= 0) {
          to[line * stride + i * step] = sum / (2 * reach + 1);
        }
      }
    }
    return to;
  }

  /** A soft ellipse where it stands. */
  private void castAtFeet(Layer layer) {
    double wide = 1.1 * layer.halfWidth;
    double high = Math.max(1.5, 0.22 * layer.halfWidth);
    double x0 = layer.middle + 0.25 * shadowX * wide;
    double y0 = layer.base - 0.25 * high;
    for (int y = (int) (y0 - high); y <= y0 + high; y++) {
      for (int x = (int) (x0 - wide); x <= x0 + wide; x++) {
        double u = (x + 0.5 - x0) / wide;
        double v = (y + 0.5 - y0) / high;
        double inside = 1 - u * u - v * v;
        if (inside > 0) {
          darken(x, y, 1.3 * darkness * inside);
        }
      }
    }
  }

  private void darken(int x, int y, double by) {
    if (x >= 0 && y >= 0 && x < size && y < size) {
      int at = 3 * (y * size + x);
      rgb[at] *= 1 - by;
      rgb[at + 1] *= 1 - by;
      rgb[at + 2] *= 1 - 0.9 * by;
    }
  }

  /** Brighter on one side, of a colour, and with the camera's noise. */
  private void light() {
    if (strong && random.nextInt(4) == 0) {
      soften();
    }
    double slope = (strong ? 0.3 : 0.16) * random.nextDouble() / size;
    double direction = between(0, 2) * StrictMath.PI;
    double across = slope * StrictMath.cos(direction);
    double down = slope * StrictMath.sin(direction);
    double bright = strong ? between(0.7, 1.15) : between(0.92, 1.06);
    double warm = strong ? between(-0.08, 0.08) : between(-0.035, 0.035);
    double[] tint = {bright * (1 + warm), bright, bright * (1 - warm)};
    double grain = strong ? between(0, 9) : 2.5;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double gain = 1 + across * (2 * x - size) + down * (2 * y - size);
        double noise = between(-grain, grain);
        int at = 3 * (y * size + x);
        for (int c = 0; c < 3; c++) {
          rgb[at + c] = rgb[at + c] * gain * tint[c] + noise;
        }
      }
    }
  }

  /** Out of focus. */
  private void soften() {
    int area = size * size;
    for (int c = 0; c < 3; c++) {
      double[] plane = new double[area];
      for (int i = 0; i < area; i++) {
        plane[i] = rgb[3 * i + c];
      }
      double[] soft = blurred(blurred(plane, size, size, 1, 1, size), size, size, 1, size, 1);
      for (int y = 1; y < size - 1; y++) {
        for (int x = 1; x < size - 1; x++) {
          rgb[3 * (y * size + x) + c] = soft[y * size + x];
        }
      }
    }
  }

  /** Now and then another word for the same thing. */
  private String name(CutOuts.Thing thing) {
    List<String> others = thing.synonyms();
    return others.isEmpty() || random.nextInt(8) > 0
        ? thing.word()
        : others.get(random.nextInt(others.size()));
  }

  /** Three quarters are sentences, the others lists of words; two thirds mention the ground. */
  private String caption() {
    List<Integer> order = new ArrayList<>(ids);
    for (int i = order.size() - 1; i > 0; i--) {
      order.set(i, order.set(random.nextInt(i + 1), order.get(i)));
    }
    Map<Integer, Integer> counts = new LinkedHashMap<>();
    for (int id : order) {
      counts.merge(id, 1, Integer::sum);
    }
    boolean mention = random.nextInt(3) > 0;
    boolean sentence = random.nextInt(4) > 0;
    int joint = random.nextInt(4);
    List<String> parts = new ArrayList<>();
    counts.forEach(
        (id, count) -> {
          String noun = count == 1 ? name(pictures.thing(id)) : pictures.thing(id).word();
          parts.add(sentence ? English.some(noun, count) : noun);
        });
    if (!sentence) {
      if (mention || parts.isEmpty()) {
        parts.add(ground.word());
      }
      return String.join(", ", parts);
    }
    if (parts.isEmpty()) {
      return ground.word();
    }
    String text = English.list(parts);
    if (parts.size() > 1 && joint < JOINTS.size()) {
      text = parts.get(0) + JOINTS.get(joint) + English.list(parts.subList(1, parts.size()));
    }
    return mention ? text + " on " + ground.word() : text;
  }
}
