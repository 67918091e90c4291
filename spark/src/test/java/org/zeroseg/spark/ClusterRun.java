package org.zeroseg.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Preprocessing;

/** The driver of a cluster with two executor processes of one core, on this machine. */
final class ClusterRun {

  private ClusterRun() {}

  /**
   * Builds an index whose building kills an executor, or watches the driver's memory.
   *
   * @param args "kill" and the folder, or "memory", the folder and numbers of pictures
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[1]);
    SparkSession spark =
        SparkSession.builder()
            .master("local-cluster[2,1,1024]")
            .appName("zeroseg")
            .config("spark.ui.enabled", false)
            .config("spark.executor.memory", "512m")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.executorEnv.OMP_NUM_THREADS", "1")
            .getOrCreate();
    if (args[0].equals("kill")) {
      kill(spark, folder);
    } else {
      for (int i = 2; i < args.length; i++) {
        System.out.println("driver " + driverBytes(spark, folder, Integer.parseInt(args[i])));
      }
    }
    spark.stop();
  }

  private static void kill(SparkSession spark, Path folder) throws IOException {
    String place = folder.toString();
    SharedModel<Deadly> model = SharedModel.of(() -> new Deadly(place));
    SparkIndex.of(model, Deadly::encoder)
        .withBatchSize(2)
        .build(
            SparkPictures.folder(spark, folder.resolve("pictures").toString(), 6),
            folder.resolve("index").toString());
  }

  /** Kills the first process that is in the middle of the second part. */
  private record Deadly(String folder) implements AutoCloseable {

    private static final AtomicInteger BATCHES = new AtomicInteger();

    Deadly {
      note(folder, "loaded");
    }

    private static void note(String folder, String what) {
      try {
        Path notes = Files.createDirectories(Path.of(folder).resolve(what));
        Files.writeString(
            notes.resolve(Long.toString(ProcessHandle.current().pid())),
            what + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    ImageEncoder encoder() {
      Colours colours = new Colours();
      return ImageEncoder.of(
          colours.model(),
          colours.dimension(),
          Preprocessing.clip(Scenes.SIDE),
          pictures -> {
            dieOnce();
            return colours.embed(pictures);
          });
    }

    private void dieOnce() {
      if (TaskContext.getPartitionId() == 1 && BATCHES.incrementAndGet() == 2) {
        try {
          Files.createFile(Path.of(folder).resolve("killed"));
        } catch (FileAlreadyExistsException e) {
          return;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().halt(137);
      }
    }

    @Override
    public void close() {
      note(folder, "closed");
    }
  }

  /** The most that is alive on the driver's heap while an index of so many pictures is built. */
  private static long driverBytes(SparkSession spark, Path folder, int pictures)
      throws IOException {
    StructType schema =
        new StructType().add("name", DataTypes.StringType).add("content", DataTypes.BinaryType);
    Dataset<Row> table =
        spark
            .range(0, pictures, 1, Math.max(2, pictures / 500))
            .map(
                (MapFunction<Long, Row>)
                    i ->
                        RowFactory.create(
                            "%08d.png".formatted(i),
                            Scenes.draw(i.intValue()).resize(16, 16, Filter.BILINEAR).toPng()),
                Encoders.row(schema));
    AtomicLong most = new AtomicLong();
    Thread watch = new Thread(() -> watch(most), "watch");
    watch.setDaemon(true);
    watch.start();
    String out = folder.resolve("index" + pictures).toString();
    long found =
        SparkIndex.of(SharedModel.of(Colours::new), model -> model).build(table, out).pictures();
    watch.interrupt();
    if (found != pictures) {
      throw new IllegalStateException(found + " pictures of " + pictures);
    }
    return most.get();
  }

  private static void watch(AtomicLong most) {
    try {
      while (true) {
        Thread.sleep(1000);
        ManagementFactory.getMemoryMXBean().gc();
        long alive = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        most.accumulateAndGet(alive, Math::max);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
