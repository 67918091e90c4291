package org.zeroseg.clip.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureSource;
import org.zeroseg.core.supervision.Archives;

class IndexBuilderTest {

  private static final int PICTURES = 47;

  @TempDir Path folder;
  private Path root;

  /** A picture's mean colours; fails after so many batches. */
  private static final class Colours implements ImageEncoder {

    private final String model;
    private final AtomicInteger batches;
    private final List<Integer> sizes = new ArrayList<>();

    Colours(String model, int batches) {
      this.model = model;
      this.batches = new AtomicInteger(batches);
    }

    Colours() {
      this("colours", Integer.MAX_VALUE);
    }

    @Override
    public String model() {
      return model;
    }

    @Override
    public int dimension() {
      return 3;
    }

    @Override
    public Picture prepare(Picture picture) {
      if (picture.width() > 20 * picture.height()) {
        throw new IllegalArgumentException("too long");
      }
      if (picture.height() > 20 * picture.width()) {
        throw new OutOfMemoryError("Java heap space");
      }
      return picture.rgb();
    }

    @Override
    public float[][] embed(List<Picture> prepared) {
      if (batches.getAndDecrement() == 0) {
        throw new IllegalStateException("killed");
      }
      sizes.add(prepared.size());
      return prepared.stream().map(Colours::mean).toArray(float[][]::new);
    }

    private static float[] mean(Picture picture) {
      byte[] samples = picture.samples();
      float[] sums = new float[3];
      for (int i = 0; i < samples.length; i++) {
        sums[i % 3] += samples[i] & 0xff;
      }
      return sums;
    }
  }

  @BeforeEach
  void makePictures() throws IOException {
    root = Files.createDirectory(folder.resolve("pictures"));
    Random random = new Random(1);
    for (int i = 0; i < PICTURES; i++) {
      draw(name(i), 1 + random.nextInt(9), 1 + random.nextInt(9), random.nextInt() | 0x010101);
    }
    Files.writeString(root.resolve("readme.txt"), "no picture");
  }

  private static String name(int i) {
    return "n%02d/%03d.%s".formatted(i % 4, i, i % 3 == 0 ? "PNG" : "png");
  }

  private void draw(String name, int width, int height, int colour) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    IntStream.range(0, width * height)
        .forEach(i -> image.setRGB(i % width, i / width, colour & 0xffffff));
    Files.createDirectories(root.resolve(name).getParent());
    ImageIO.write(image, "png", root.resolve(name).toFile());
  }

  private static IndexBuilder builder(ImageEncoder encoder) {
    return IndexBuilder.of(encoder).withBatchSize(5).withWorkers(3);
  }

  private void spoil() throws IOException {
    Files.write(root.resolve(name(7)), new byte[] {1, 2, 3});
    Files.write(root.resolve(name(20)), new byte[0]);
    draw(name(33), 300, 2, -1);
    draw(name(40), 4, 4, 0); // black: its mean has no direction
  }

  private static void sameBytes(Path expected, Path actual) throws IOException {
    for (String file : new String[] {"embeddings.safetensors", "names.txt", "unreadable.tsv"}) {
      assertEquals(Files.exists(expected.resolve(file)), Files.exists(actual.resolve(file)), file);
      if (Files.exists(expected.resolve(file))) {
        assertArrayEquals(
            Files.readAllBytes(expected.resolve(file)),
            Files.readAllBytes(actual.resolve(file)),
            file);
      }
    }
  }

  @Test
  void indexesAFolderInTheOrderOfNames() throws IOException {
    List<String> told = new ArrayList<>();
    Colours encoder = new Colours();
    IndexBuilder.Outcome outcome =
        builder(encoder)
            .withProgress((task, done, total) -> told.add(done + "/" + total))
            .build(folder.resolve("index"), root);
    ImageIndex index = outcome.index();
    assertEquals(PICTURES, index.size());
    assertEquals(List.of(), outcome.unreadable());
    List<String> names = IntStream.range(0, PICTURES).mapToObj(index::name).toList();
    assertEquals(IntStream.range(0, PICTURES).mapToObj(i -> name(i)).sorted().toList(), names);
    assertEquals("5/47", told.get(0));
    assertEquals("47/47", told.get(told.size() - 1));
    assertEquals(5, encoder.sizes.get(0));
    for (int row = 0; row < PICTURES; row++) {
      assertEquals(row, index.search(index.embedding(row), 1).get(0).row());
    }
  }

  @Test
  void listsWhatCannotBeReadAndGoesOn() throws IOException {
    spoil();
    Path place = folder.resolve("index");
    IndexBuilder.Outcome outcome = builder(new Colours()).build(place, root);
    assertEquals(PICTURES - 4, outcome.index().size());
    List<String> refused = outcome.unreadable().stream().map(Unreadable::name).sorted().toList();
    assertEquals(
        List.of(name(20), name(33), name(40), name(7)).stream().sorted().toList(), refused);
    List<String> lines = Files.readAllLines(place.resolve("unreadable.tsv"));
    assertEquals(4, lines.size());
    assertTrue(
        lines.stream().anyMatch(line -> line.equals(name(33) + "\ttoo long")), lines::toString);
  }

  @Test
  void picturesFromAnywhereMakeTheSameIndexAsTheirFolder() throws IOException {
    spoil();
    Path expected = folder.resolve("expected");
    List<Unreadable> refused = builder(new Colours()).build(expected, root).unreadable();
    List<PictureSource> sources =
        IntStream.range(0, PICTURES)
            .mapToObj(i -> name(i))
            .sorted()
            .map(name -> PictureSource.of(root, name))
            .toList();
    Path place = folder.resolve("index");
    assertThrows(
        IllegalStateException.class,
        () -> builder(new Colours("colours", 3)).build(place, sources.iterator()));
    builder(new Colours()).build(place, sources.iterator());
    sameBytes(expected, place);
    assertEquals(refused, IndexBuilder.unreadable(place));
    List<String> names = sources.stream().map(PictureSource::name).toList();
    assertTrue(builder(new Colours()).holds(place, names));
    assertFalse(builder(new Colours()).holds(place, names.subList(0, PICTURES - 1)));
    assertFalse(builder(new Colours("others", 1)).holds(place, names));
    assertFalse(builder(new Colours()).storing(DataType.FLOAT32).holds(place, names));
    assertFalse(builder(new Colours()).holds(root, names));
    assertEquals(List.of(), IndexBuilder.unreadable(root));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            builder(new Colours())
                .build(
                    folder.resolve("twice"), List.of(sources.get(1), sources.get(1)).iterator()));
  }

  @Test
  void aPictureThatDoesNotFitTheMemoryHoldsUpNoOther() throws IOException {
    draw("tall.png", 1, 21, 0xffffff);
    IndexBuilder.Outcome outcome = builder(new Colours()).build(folder.resolve("index"), root);
    assertEquals(PICTURES, outcome.index().size());
    String reason = "it does not fit the memory (Java heap space)";
    assertEquals(List.of(new Unreadable("tall.png", reason)), outcome.unreadable());
  }

  @Test
  void goesOnWhereItWasStoppedAndEndsWithTheSameBytes() throws IOException {
    spoil();
    Path whole = folder.resolve("whole");
    builder(new Colours()).build(whole, root);
    for (int batches = 0; batches < 9; batches++) {
      Path place = folder.resolve("stopped" + batches);
      Colours failing = new Colours("colours", batches);
      assertThrows(IllegalStateException.class, () -> builder(failing).build(place, root));
      Path list = place.resolve("unreadable.tsv");
      // A picture without a vector is only known after it was encoded, and tried again like others.
      boolean blackMet = Files.exists(list) && Files.readString(list).contains(name(40));
      int committed = 5 * batches - (blackMet ? 1 : 0);
      assertEquals(committed, ImageIndex.open(place).size());
      Colours rest = new Colours();
      builder(rest).build(place, root);
      assertEquals(PICTURES - 3 - committed, rest.sizes.stream().mapToInt(n -> n).sum());
      for (String file : new String[] {"embeddings.safetensors", "names.txt"}) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(place.resolve(file)), file);
      }
    }
  }

  @Test
  void everyHalfWrittenStateIsOverwritten() throws IOException {
    Path whole = folder.resolve("whole");
    builder(new Colours()).build(whole, root);
    Path place = folder.resolve("stopped");
    assertThrows(
        IllegalStateException.class, () -> builder(new Colours("colours", 4)).build(place, root));
    byte[] rubbish = "half a row, half a na".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Files.write(place.resolve("embeddings.safetensors"), rubbish, StandardOpenOption.APPEND);
    Files.write(place.resolve("names.txt"), rubbish, StandardOpenOption.APPEND);
    builder(new Colours()).build(place, root);
    sameBytes(whole, place);
  }

  @Test
  void aFinishedIndexTakesOnlyNewPictures() throws IOException {
    Path place = folder.resolve("index");
    builder(new Colours()).build(place, root);
    Colours again = new Colours();
    builder(again).build(place, root);
    assertEquals(List.of(), again.sizes);
    draw("a/new.png", 2, 2, 0x00ff00);
    ImageIndex index = builder(again).build(place, root).index();
    assertEquals(List.of(1), again.sizes);
    assertEquals("a/new.png", index.name(PICTURES));
  }

  @Test
  void aPictureThatWasMendedIsTaken() throws IOException {
    spoil();
    Path place = folder.resolve("index");
    builder(new Colours()).build(place, root);
    draw(name(7), 3, 3, 0x123456);
    IndexBuilder.Outcome outcome = builder(new Colours()).build(place, root);
    assertEquals(PICTURES - 3, outcome.index().size());
    assertEquals(3, Files.readAllLines(place.resolve("unreadable.tsv")).size());
  }

  @Test
  void anInterruptedThreadLeavesAnIndexToGoOnWith() throws Exception {
    Path place = folder.resolve("index");
    Thread thread = Thread.currentThread();
    IndexBuilder interrupted =
        builder(new Colours())
            .withProgress(
                (task, done, total) -> {
                  if (done == 15) {
                    thread.interrupt();
                  }
                });
    IOException stop = assertThrows(IOException.class, () -> interrupted.build(place, root));
    assertTrue(Thread.interrupted(), "the interrupt stays visible");
    assertTrue(
        stop instanceof InterruptedIOException
            || stop instanceof java.nio.channels.ClosedByInterruptException,
        stop::toString);
    assertEquals(15, ImageIndex.open(place).size());
    builder(new Colours()).build(place, root);
    Path whole = folder.resolve("whole");
    builder(new Colours()).build(whole, root);
    sameBytes(whole, place);
  }

  @Test
  void refusesAnIndexOfAnotherKind() throws IOException {
    Path place = folder.resolve("index");
    builder(new Colours()).build(place, root);
    for (IndexBuilder other :
        List.of(
            builder(new Colours("others", 99)), builder(new Colours()).storing(DataType.FLOAT32))) {
      IOException refusal = assertThrows(IOException.class, () -> other.build(place, root));
      assertTrue(refusal.getMessage().contains("cannot be gone on with"), refusal.getMessage());
    }
    assertEquals(PICTURES, ImageIndex.open(place).size());
  }

  @Test
  void oneWriterAtATime() throws IOException {
    Path place = folder.resolve("index");
    try (IndexWriter writer = IndexWriter.open(place, 3, DataType.FLOAT16, "colours")) {
      assertEquals(0, writer.names().size());
      IOException refusal =
          assertThrows(IOException.class, () -> builder(new Colours()).build(place, root));
      assertTrue(refusal.getMessage().contains("is being written"), refusal.getMessage());
    }
    builder(new Colours()).build(place, root);
  }

  /** One of them may come between another's look at the folder and its first file. */
  @Test
  void ofManyThatBeginAnIndexOneWins() throws Exception {
    for (int trial = 0; trial < 200; trial++) {
      Path place = folder.resolve("index" + trial);
      List<IndexWriter> winners =
          IntStream.range(0, 4)
              .parallel()
              .mapToObj(
                  i -> {
                    try {
                      return IndexWriter.open(place, 3, DataType.FLOAT16, "colours");
                    } catch (IOException refusal) {
                      assertTrue(
                          refusal.getMessage().contains("is being written"), refusal::toString);
                      return null;
                    }
                  })
              .filter(Objects::nonNull)
              .toList();
      for (IndexWriter winner : winners) {
        winner.close();
      }
      assertEquals(1, winners.size(), "trial " + trial);
    }
  }

  @Test
  void theNumberOfWorkersChangesNothing() throws IOException {
    spoil();
    builder(new Colours()).withWorkers(1).build(folder.resolve("one"), root);
    builder(new Colours()).withWorkers(8).build(folder.resolve("eight"), root);
    sameBytes(folder.resolve("one"), folder.resolve("eight"));
  }

  @Test
  void takesAListAndRefusesDoubles() throws IOException {
    Path place = folder.resolve("index");
    List<String> names = List.of(name(3), "absent.png", name(1));
    IndexBuilder.Outcome outcome = builder(new Colours()).build(place, root, names);
    assertEquals(name(3), outcome.index().name(0));
    assertEquals(name(1), outcome.index().name(1));
    assertEquals("absent.png", outcome.unreadable().get(0).name());
    assertThrows(
        IllegalArgumentException.class,
        () -> builder(new Colours()).build(place, root, List.of("a", "a")));
    assertThrows(
        NotDirectoryException.class,
        () -> builder(new Colours()).build(place, folder.resolve("nowhere")));
  }

  @Test
  void anEmptyFolderMakesAnEmptyIndex() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    ImageIndex index = builder(new Colours()).build(folder.resolve("index"), empty).index();
    assertEquals(0, index.size());
    assertEquals(List.of(), index.search(new float[] {1, 0, 0}, 5));
  }

  @Test
  void archivesHoldTheBestPicturesOfEachCategory() throws IOException {
    ImageIndex index = builder(new Colours()).build(folder.resolve("index"), root).index();
    float[][] classifier = {{1, 0, 0}, {0, 1, 0}};
    Archives archives = index.archives(List.of("red", "green"), classifier, 6);
    assertEquals(List.of("red", "green"), archives.categories());
    for (int i = 0; i < classifier.length; i++) {
      List<String> best = index.search(classifier[i], 6).stream().map(Match::name).toList();
      assertEquals(best, archives.pictures().get(archives.categories().get(i)));
    }
    Archives small = index.archives(List.of("all"), new float[][] {{1, 0, 0}}, 500);
    assertEquals(index.size(), small.pictures().get("all").size());
    assertThrows(
        IllegalArgumentException.class, () -> index.archives(List.of("a"), new float[0][], 6));
    assertThrows(
        IllegalArgumentException.class,
        () -> index.archives(List.of("a", "a"), new float[][] {{1, 0, 0}, {1, 0, 0}}, 6));
  }

  @Test
  void picturesTakenOutAreEmbeddedAgain() throws IOException {
    Path index = folder.resolve("index");
    Colours colours = new Colours();
    IndexBuilder builder = IndexBuilder.of(colours);
    ImageIndex before = builder.build(index, root).index();
    builder.remove(index, Set.of(name(3), name(8), "absent.png"));
    ImageIndex less = ImageIndex.open(index);
    assertEquals(PICTURES - 2, less.size());
    List<String> kept = new ArrayList<>(names(before));
    kept.removeAll(List.of(name(3), name(8)));
    assertEquals(kept, names(less));
    int row = kept.indexOf(name(20));
    assertArrayEquals(
        before.embedding(names(before).indexOf(name(20))), less.embedding(row), 0, "as stored");
    colours.sizes.clear();
    ImageIndex again = builder.build(index, root).index();
    assertEquals(List.of(2), colours.sizes);
    assertEquals(Set.copyOf(names(before)), Set.copyOf(names(again)));
    builder.remove(index, Set.copyOf(names(again)));
    assertEquals(0, ImageIndex.open(index).size());
  }

  private static List<String> names(ImageIndex index) {
    return IntStream.range(0, index.size()).mapToObj(index::name).toList();
  }
}
