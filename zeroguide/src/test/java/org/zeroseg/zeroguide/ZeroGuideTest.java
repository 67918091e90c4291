package org.zeroseg.zeroguide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.CaptionWork;
import org.zeroseg.zeroguide.caption.WordList;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;

class ZeroGuideTest {

  private static Dino dino;
  private static Clip clip;

  @BeforeAll
  static void load() {
    dino = TinyModels.dino();
    clip = TinyModels.clip();
  }

  @AfterAll
  static void close() {
    dino.close();
    clip.close();
  }

  private static ZeroGuideBuilder guide() {
    return ZeroGuide.builder()
        .dino(dino)
        .clip(clip)
        .candidates(new Oversegmentation(48, 96, 8, 6, 5, 0.99, true));
  }

  private static void assertPartition(Discovery found, Picture picture) {
    Mask free = Mask.empty(picture.width(), picture.height());
    int area = 0;
    for (DiscoveredSegment segment : found.segments()) {
      assertEquals(0, free.intersection(segment.mask()));
      assertFalse(segment.mask().isEmpty());
      free = free.or(segment.mask());
      area += segment.mask().area();
    }
    assertEquals(picture.width() * picture.height(), area);
  }

  @Test
  void segmentsShareOutThePictureByFallingArea() throws Exception {
    Picture picture = Noise.picture(70, 50, 3);
    try (ZeroGuide guide = guide().withoutMerging().build()) {
      Discovery found = guide.discover(picture);
      assertPartition(found, picture);
      assertTrue(found.segments().size() >= 2);
      for (int i = 1; i < found.segments().size(); i++) {
        assertTrue(
            found.segments().get(i).mask().area() <= found.segments().get(i - 1).mask().area());
      }
      assertTrue(found.segments().get(0).label().isEmpty());
    }
  }

  @Test
  void everythingMergesIntoOneSegmentAtTheLowestThreshold() throws Exception {
    Picture picture = Noise.picture(64, 64, 4);
    try (ZeroGuide guide = guide().merging(-1, 0.5).build()) {
      Discovery found = guide.discover(picture);
      assertEquals(1, found.segments().size());
      assertEquals(0, found.segments().get(0).treeNode());
      assertPartition(found, picture);
      assertTrue(found.tree().size() > 2);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 40", "40, 1", "1, 1", "3, 200", "5, 7"})
  void picturesOfAnyShapeAreSharedOut(int width, int height) throws Exception {
    Picture picture = Noise.picture(width, height, 5);
    try (ZeroGuide guide = guide().build()) {
      assertPartition(guide.discover(picture), picture);
    }
  }

  @Test
  void tilesShareOutALargePictureAndAlikeSegmentsOfNeighboursAreOne() throws Exception {
    Picture picture = Noise.picture(150, 110, 6);
    int several;
    try (ZeroGuide guide = guide().withoutMerging().tiles(64, 16).build()) {
      Discovery found = guide.discover(picture);
      assertPartition(found, picture);
      assertEquals(List.of(), found.tree());
      several = found.segments().size();
      assertTrue(several > 6);
    }
    // All are alike at the lowest threshold; a segment is a whole tile, and so is the next.
    try (ZeroGuide guide = guide().merging(-1, 0.5).tiles(64, 16).build()) {
      Discovery found = guide.discover(picture);
      assertPartition(found, picture);
      assertEquals(1, found.segments().size());
      float[] embedding = found.segments().get(0).embedding();
      assertEquals(1, SegmentMerging.cosine(embedding, embedding), 1e-5);
      assertEquals(-1, found.segments().get(0).treeNode());
    }
    Picture small = Noise.picture(64, 50, 6);
    try (ZeroGuide whole = guide().build();
        ZeroGuide tiled = guide().tiles(64, 16).build()) {
      assertEquals(
          whole.discover(small).segments().toString(), tiled.discover(small).segments().toString());
    }
  }

  @Test
  void aPictureOfOneColourHasADefinedResult() throws Exception {
    Picture picture = Picture.of(PixelFormat.RGB, 60, 40, new byte[3 * 60 * 40]);
    try (ZeroGuide guide = guide().build()) {
      Discovery found = guide.discover(picture);
      assertPartition(found, picture);
      assertEquals(found.segments().size(), guide.discover(picture).segments().size());
    }
  }

  @Test
  void moreSegmentsThanCellsOfTheGridAreEmbedded() {
    List<Mask> masks =
        IntStream.range(0, 40).mapToObj(i -> Mask.of(40, 4, (x, y) -> x == i)).toList();
    clip.compute(
        (model, call) -> {
          SegmentEncoder encoder = SegmentEncoder.of(model, SegmentEncoder.Settings.DEFAULT);
          NDArray shared = encoder.shared(call.ones(new Shape(1, 3, 32, 32)));
          SegmentEncoder.Embeddings found =
              encoder.embed(shared, SegmentGrids.of(call, masks, encoder.grid()));
          for (float value : found.embeddings().toFloatArray()) {
            assertTrue(Float.isFinite(value));
          }
          return found.embeddings().getShape();
        });
  }

  @Test
  void segmentsTogetherEqualSegmentsOneByOne() {
    List<Mask> masks =
        List.of(
            Mask.of(30, 20, (x, y) -> x < 11),
            Mask.of(30, 20, (x, y) -> y > 12),
            Mask.of(30, 20, (x, y) -> true));
    clip.compute(
        (model, call) -> {
          SegmentEncoder encoder = SegmentEncoder.of(model, SegmentEncoder.Settings.DEFAULT);
          NDArray pixels = call.randomUniform(-1, 1, new Shape(1, 3, 32, 32));
          NDArray shared = encoder.shared(pixels);
          NDArray grids = SegmentGrids.of(call, masks, encoder.grid());
          float[] together = encoder.embed(shared, grids).embeddings().toFloatArray();
          int width = together.length / masks.size();
          for (int i = 0; i < masks.size(); i++) {
            NDArray own = grids.get(i + ":" + (i + 1));
            float[] alone = encoder.embed(shared, own).embeddings().toFloatArray();
            for (int k = 0; k < width; k++) {
              assertEquals(alone[k], together[i * width + k], 1e-4);
            }
          }
          return 0;
        });
  }

  @Test
  void baselineAndAblationsRun() throws Exception {
    Picture picture = Noise.picture(64, 48, 6);
    try (ZeroGuide crop = guide().embedding(ZeroGuide.Embedding.CROP_AND_MASK).build();
        ZeroGuide plain =
            guide().encoder(SegmentEncoder.Settings.DEFAULT.withoutGlobalSubtraction()).build()) {
      assertPartition(crop.discover(picture), picture);
      assertPartition(plain.discover(picture), picture);
    }
  }

  @Test
  void stagesAreToldAsTheyBegin() throws Exception {
    Set<String> stages = new LinkedHashSet<>();
    try (WordList namer =
            WordList.of(List.of("cat"), clip.textEmbeddings(), PromptTemplates.of("{}"), 1);
        ZeroGuide guide =
            guide().namer(namer).progress((task, done, total) -> stages.add(task)).build()) {
      guide.discover(Noise.picture(64, 48, 9));
    }
    assertEquals(
        List.of(
            "looking at the picture",
            "clustering",
            "snapping to edges",
            "embedding segments",
            "naming segments",
            "merging segments"),
        List.copyOf(stages));
  }

  @Test
  void wordsOfAListNameSegments() throws Exception {
    List<String> words = List.of("cat", "dog", "tree");
    try (WordList namer =
            WordList.of(words, clip.textEmbeddings(), PromptTemplates.of("Image of a {}."), 2);
        ZeroGuide guide = guide().namer(namer).withoutMerging().build()) {
      Discovery found = guide.discover(Noise.picture(64, 48, 7));
      for (DiscoveredSegment segment : found.segments()) {
        assertEquals(2, segment.labels().size());
        assertTrue(words.contains(segment.label().orElseThrow().text()));
        assertTrue(segment.labels().get(0).confidence() >= segment.labels().get(1).confidence());
      }
      Segmentation plain = found.segmentation();
      assertEquals(found.segments().size(), plain.segments().size());
    }
  }

  @Test
  void givenMasksAreDescribedLikeDiscoveredOnes() throws Exception {
    Picture picture = Noise.picture(48, 48, 9);
    try (WordList namer =
            WordList.of(
                List.of("cat", "dog"),
                clip.textEmbeddings(),
                PromptTemplates.of("Image of a {}."),
                2);
        ZeroGuide guide = guide().namer(namer).withoutMerging().build()) {
      List<DiscoveredSegment> found = guide.discover(picture).segments();
      List<DiscoveredSegment> described =
          guide.describe(picture, found.stream().map(DiscoveredSegment::mask).toList());
      assertEquals(found.size(), described.size());
      for (int i = 0; i < found.size(); i++) {
        assertEquals(found.get(i).mask(), described.get(i).mask());
        assertArrayEquals(found.get(i).embedding(), described.get(i).embedding(), 1e-5f);
        assertEquals(
            found.get(i).label().orElseThrow().text(),
            described.get(i).label().orElseThrow().text());
      }
      assertTrue(guide.describe(picture, List.of()).isEmpty());
    }
  }

  @Test
  void givenWordsNameSegmentsByTheirEmbeddings() throws Exception {
    Picture picture = Noise.picture(64, 48, 8);
    try (ZeroGuide guide = guide().build()) {
      Segmentation found = guide.segment(picture, Vocabulary.of("cat", "dog", "green tree"));
      assertFalse(found.segments().isEmpty());
      Segmentation none = guide.segment(picture, Vocabulary.of("cat").withBackgroundThreshold(1));
      assertTrue(none.segments().isEmpty());
      Discovery segments = guide.discover(picture);
      assertArrayEquals(
          found.labels(),
          guide.reassign(segments, Vocabulary.of("cat", "dog", "green tree")).labels());
    }
  }

  @Test
  void captionsTogetherEqualCaptionsOneByOneWithLessWork() {
    ZeroCapSettings settings = ZeroCapSettings.ZERO_GUIDANCE.withSearch(2, 2).withEffort(1, 16);
    float[] first = new float[32];
    float[] second = new float[32];
    for (int i = 0; i < 32; i++) {
      first[i] = (float) Math.sin(i);
      second[i] = (float) Math.cos(2 * i);
    }
    try (ZeroCap namer = TinyModels.zeroCap(clip, settings);
        ZeroCap alone = TinyModels.zeroCap(clip, settings)) {
      List<String> together = texts(namer, first, second);
      List<String> single = new ArrayList<>(texts(alone, first));
      single.addAll(texts(alone, second));
      assertEquals(single, together);
      CaptionWork work = namer.work();
      assertTrue(work.saving() > 4, work::toString);
      // The published code: 77 positions for 16 candidates of one beam, then of two, for each
      // target.
      assertEquals(77L * 16 * (1 + 2) * 2, work.referencePositions());
      assertEquals(work.referencePositions(), alone.work().referencePositions());
      assertTrue(work.positions() < alone.work().positions() || together.size() == 1);
    }
  }

  private static List<String> texts(ZeroCap namer, float[]... targets) {
    return namer.captions(List.of(targets)).stream()
        .flatMap(List::stream)
        .map(caption -> caption.text())
        .toList();
  }

  @Test
  void refusesWhatCannotBeNamed() {
    try (ZeroCap namer = TinyModels.zeroCap(clip, ZeroCapSettings.ZERO_GUIDANCE)) {
      assertThrows(IllegalArgumentException.class, () -> namer.captions(List.of(new float[32])));
      float[] broken = new float[32];
      broken[3] = Float.NaN;
      assertThrows(IllegalArgumentException.class, () -> namer.captions(List.of(broken)));
      assertTrue(namer.captions(List.of()).isEmpty());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> TinyModels.zeroCap(clip, ZeroCapSettings.ZERO_GUIDANCE.withSearch(1, 0)));
    ZeroCapSettings tooLong = ZeroCapSettings.ZERO_GUIDANCE.withSearch(1, 500);
    try (ZeroCap namer = TinyModels.zeroCap(clip, tooLong)) {
      float[] target = new float[32];
      target[0] = 1;
      assertThrows(IllegalArgumentException.class, () -> namer.captions(List.of(target)));
    }
  }

  @Test
  void builderNeedsModels() {
    assertThrows(IllegalStateException.class, () -> ZeroGuide.builder().build());
    assertThrows(
        IllegalArgumentException.class,
        () -> guide().encoder(new SegmentEncoder.Settings(6, 5, Saliency.ROWS)).build());
  }

  @Test
  void aTreeIsNoDeeperThanItsNodesCanBeNumbered() {
    assertEquals(62, new Oversegmentation(48, 96, 8, 100, 62, 0.9, true).splitsExamined());
    assertThrows(
        IllegalArgumentException.class, () -> new Oversegmentation(48, 96, 8, 100, 63, 0.9, true));
  }

  @Test
  void wrongPixelsAndMasksAreNamed() {
    try (NDManager manager = NDManager.newBaseManager()) {
      clip.compute(
          (model, call) -> {
            SegmentEncoder encoder = SegmentEncoder.of(model, SegmentEncoder.Settings.DEFAULT);
            assertThrows(
                IllegalArgumentException.class,
                () -> encoder.shared(manager.ones(new Shape(2, 3, 32, 32))));
            NDArray shared = encoder.shared(call.ones(new Shape(1, 3, 32, 32)));
            assertThrows(
                IllegalArgumentException.class,
                () -> encoder.embed(shared, call.ones(new Shape(2, 3, 3))));
            return 0;
          });
    }
  }
}
