package org.zeroseg.benchmarks;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.Progress;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.CocoScores;

/**
 * COCO evaluation of masks with categories. The scenes are written as JSON, so that pycocotools and
 * faster-coco-eval can be timed on the very same files, on the same machine:
 *
 * <pre>{@code
 * java -Dzeroseg.scenes=scenes -jar ... CocoBenchmark
 * python3 -c "
 * import sys, time
 * from pycocotools.coco import COCO; from pycocotools.cocoeval import COCOeval
 * # or: from faster_coco_eval import COCO, COCOeval_faster as COCOeval
 * folder = 'scenes/5000x100/'
 * a = time.time(); g = COCO(folder + 'gt.json'); d = g.loadRes(folder + 'dt.json')
 * b = time.time(); e = COCOeval(g, d, 'segm'); e.evaluate(); e.accumulate()
 * print('load', b - a, 'evaluate', time.time() - b)"
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(value = 1, jvmArgsAppend = "-Xmx6g")
public class CocoBenchmark {

  private static final int HEIGHT = 480;
  private static final int WIDTH = 640;
  private static final int CATEGORIES = 20;
  private static final int OBJECTS = 7; // an image, as in COCO's val2017

  /** Images, and detections on each. */
  @Param({"500x40", "5000x100"})
  public String scenes = "";

  /** Threads that work. */
  @Param({"1", "2"})
  public int threads;

  private Path folder = Path.of("");
  private CocoEvaluator evaluator = new CocoEvaluator(CocoProtocol.coco());
  private CocoDetections detections =
      CocoDetections.builder(CocoGroundTruth.builder().build()).build();

  /**
   * Makes the files, unless they are there.
   *
   * @throws IOException if they cannot be written
   */
  @Setup
  public void makeScenes() throws IOException {
    String root = System.getProperty("zeroseg.scenes", System.getProperty("java.io.tmpdir"));
    folder = Path.of(root, scenes);
    if (!Files.exists(folder.resolve("dt.json"))) {
      Files.createDirectories(folder);
      int images = Integer.parseInt(scenes.substring(0, scenes.indexOf('x')));
      int each = Integer.parseInt(scenes.substring(scenes.indexOf('x') + 1));
      new Scenes(images, each).write(folder);
    }
    evaluator = new CocoEvaluator(CocoProtocol.coco(), threads, Progress.SILENT);
    detections = read();
  }

  /**
   * Reads both files.
   *
   * @return the detections
   * @throws IOException if they cannot be read
   */
  @Benchmark
  public CocoDetections read() throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(folder.resolve("gt.json"));
    return CocoDetections.read(folder.resolve("dt.json"), truth);
  }

  /**
   * Matches and accumulates.
   *
   * @return all curves
   */
  @Benchmark
  public CocoScores evaluate() {
    return evaluator.evaluate(detections);
  }

  /** Ellipses with ragged edges; most detections lie near an object. */
  private record Scenes(int images, int each) {

    private record Ellipse(double x, double y, double a, double b) {

      /** Column by column, as runs are; painting pixels would take hours. */
      Rle rle(SplittableRandom random) {
        int[] counts = new int[2 * WIDTH + 1];
        int runs = 0;
        int outside = 0;
        for (int u = 0; u < WIDTH; u++) {
          double dx = (u - x) / a;
          double reach = b * Math.sqrt(Math.max(0, random.nextDouble(0.9, 1.1) - dx * dx));
          int top = (int) Math.max(0, Math.min(HEIGHT, Math.ceil(y - reach)));
          int bottom = (int) Math.max(top, Math.min(HEIGHT, Math.ceil(y + reach)));
          if (bottom == top) {
            outside += HEIGHT;
            continue;
          }
          counts[runs++] = outside + top;
          counts[runs++] = bottom - top;
          outside = HEIGHT - bottom;
        }
        counts[runs++] = outside;
        return Rle.of(WIDTH, HEIGHT, Arrays.copyOf(counts, runs));
      }

      Ellipse near(SplittableRandom random) {
        return new Ellipse(
            x + random.nextDouble(-0.4, 0.4) * a,
            y + random.nextDouble(-0.4, 0.4) * b,
            a * random.nextDouble(0.7, 1.3),
            b * random.nextDouble(0.7, 1.3));
      }

      static Ellipse any(SplittableRandom random) {
        return new Ellipse(
            random.nextDouble(WIDTH),
            random.nextDouble(HEIGHT),
            random.nextDouble(8, 90),
            random.nextDouble(8, 90));
      }
    }

    void write(Path folder) throws IOException {
      SplittableRandom random = new SplittableRandom(1);
      try (JsonWriter truths = new JsonWriter(Files.newBufferedWriter(folder.resolve("gt.json")));
          JsonWriter found = new JsonWriter(Files.newBufferedWriter(folder.resolve("dt.json")))) {
        truths.beginObject().name("categories").beginArray();
        for (int k = 1; k <= CATEGORIES; k++) {
          truths.beginObject().name("id").value(k).name("name").value("c" + k).endObject();
        }
        truths.endArray().name("images").beginArray();
        for (int i = 1; i <= images; i++) {
          truths.beginObject().name("id").value(i).name("height").value(HEIGHT);
          truths.name("width").value(WIDTH).endObject();
        }
        truths.endArray().name("annotations").beginArray();
        found.beginArray();
        for (int i = 1; i <= images; i++) {
          image(i, random, truths, found);
        }
        truths.endArray().endObject();
        found.endArray();
      }
    }

    private void image(int id, SplittableRandom random, JsonWriter truths, JsonWriter found)
        throws IOException {
      Ellipse[] objects = new Ellipse[OBJECTS];
      int[] categories = new int[OBJECTS];
      for (int n = 0; n < OBJECTS; n++) {
        objects[n] = Ellipse.any(random);
        categories[n] = random.nextInt(1, CATEGORIES + 1);
        Rle mask = objects[n].rle(random);
        truths.beginObject().name("id").value((long) id * OBJECTS + n);
        truths.name("image_id").value(id).name("category_id").value(categories[n]);
        truths.name("iscrowd").value(0).name("area").value(mask.area());
        truths.name("bbox").beginArray().value(mask.box().x()).value(mask.box().y());
        truths.value(mask.box().width()).value(mask.box().height()).endArray();
        segmentation(mask, truths);
        truths.endObject();
      }
      for (int d = 0; d < each; d++) {
        int n = random.nextInt(OBJECTS);
        boolean wrong = random.nextInt(3) == 0;
        Ellipse ellipse = wrong ? Ellipse.any(random) : objects[n].near(random);
        int category = wrong ? random.nextInt(1, CATEGORIES + 1) : categories[n];
        found.beginObject().name("image_id").value(id).name("category_id").value(category);
        found.name("score").value(random.nextInt(10_000) / 1e4);
        segmentation(ellipse.rle(random), found);
        found.endObject();
      }
    }

    private static void segmentation(Rle mask, JsonWriter json) throws IOException {
      json.name("segmentation").beginObject().name("size").beginArray();
      json.value(mask.height()).value(mask.width()).endArray();
      json.name("counts").value(mask.text()).endObject();
    }
  }
}
