package org.zeroseg.dino;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.supervision.SaliencyDetector;

class FindersTest {

  private static final Grid GRID = new Grid(6, 8);
  private static final Mask OBJECT = Mask.of(8, 6, (x, y) -> x >= 2 && x < 5 && y >= 1 && y < 4);

  private final NDManager manager = TinyModels.manager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Two kinds of positions, nearly orthogonal, each with a little variety. */
  private NDArray features() {
    float[] values = new float[GRID.size() * 3];
    for (int i = 0; i < GRID.size(); i++) {
      boolean object = OBJECT.get(i % 8, i / 8);
      values[3 * i] = object ? 1 : -0.1f;
      values[3 * i + 1] = object ? -0.1f : 1;
      values[3 * i + 2] = 0.01f * (i % 5);
    }
    return manager.create(values, new Shape(GRID.size(), 3));
  }

  @Test
  void lostAndTokenCutFindTheOnlyObject() {
    assertEquals(OBJECT, Lost.DEFAULT.find(features(), GRID).mask());
    assertEquals(OBJECT, TokenCut.DEFAULT.find(features(), GRID).mask());
  }

  @Test
  void onAConstantPictureLostTakesAllAndTokenCutNothing() {
    NDArray same = manager.ones(new Shape(GRID.size(), 3));
    assertEquals(GRID.size(), Lost.DEFAULT.find(same, GRID).mask().area());
    assertTrue(TokenCut.DEFAULT.find(same, GRID).mask().isEmpty());
    NDArray tokens = manager.ones(new Shape(1, 6, 1 + GRID.size(), 2));
    assertEquals(GRID.size(), MaskDistill.DEFAULT.find(tokens, tokens, GRID).mask().area());
    assertTrue(AttentionMass.DEFAULT.mask(new float[GRID.size()], GRID).isEmpty());
  }

  @Test
  void withoutACutTokenCutAnswersAtOnceHoweverManyPositionsThereAre() {
    Grid grid = new Grid(45, 60);
    NDArray same = manager.ones(new Shape(grid.size(), 3));
    TokenCut.Found found = TokenCut.DEFAULT.find(same, grid);
    assertArrayEquals(new double[] {0, 1, 1, 1}, found.eigenvalues(), 1e-9);
    assertTrue(found.mask().isEmpty());
  }

  @Test
  void twoPositionsThatAreAlikeHaveNoCut() {
    NDArray same = manager.ones(new Shape(2, 3));
    assertTrue(TokenCut.DEFAULT.find(same, new Grid(1, 2)).mask().isEmpty());
    NDArray other = manager.create(new float[] {1, 0, 0, 1}, new Shape(2, 2));
    assertEquals(1, TokenCut.DEFAULT.find(other, new Grid(1, 2)).mask().area());
  }

  @Test
  void nothingIsLeftBesideTheFeatures() {
    NDArray features = features();
    NDArray tokens = manager.ones(new Shape(1, 6, 1 + GRID.size(), 2));
    int before = manager.getManagedArrays().size();
    Lost.DEFAULT.find(features, GRID);
    TokenCut.DEFAULT.find(features, GRID);
    MaskDistill.DEFAULT.find(tokens, tokens, GRID);
    assertEquals(before, manager.getManagedArrays().size());
  }

  @Test
  void aSinglePositionIsAnAnswerToo() {
    NDArray one = manager.ones(new Shape(1, 3));
    Grid grid = new Grid(1, 1);
    assertEquals(1, Lost.DEFAULT.find(one, grid).mask().area());
    assertTrue(TokenCut.DEFAULT.find(one, grid).mask().isEmpty());
    NDArray tokens = manager.ones(new Shape(1, 6, 2, 2));
    assertEquals(1, MaskDistill.DEFAULT.find(tokens, tokens, grid).mask().area());
    assertEquals(1, AttentionMass.DEFAULT.mask(new float[] {0.3f}, grid).area());
  }

  @Test
  void featuresThatAreNoNumbersAreRefusedByAll() {
    NDArray broken = features().div(0);
    NDArray map = broken.transpose().reshape(1, 3, 6, 8);
    assertThrows(IllegalArgumentException.class, () -> Lost.DEFAULT.find(broken, GRID));
    assertThrows(IllegalArgumentException.class, () -> TokenCut.DEFAULT.find(broken, GRID));
    assertThrows(
        IllegalArgumentException.class, () -> SpectralMasks.DEFAULT.candidates(map, 8, 64, 48));
    NDArray tokens = manager.ones(new Shape(1, 6, 1 + GRID.size(), 2));
    NDArray noTokens = tokens.div(0);
    assertThrows(
        IllegalArgumentException.class, () -> MaskDistill.DEFAULT.find(tokens, noTokens, GRID));
    assertThrows(
        IllegalArgumentException.class, () -> MaskDistill.DEFAULT.find(noTokens, tokens, GRID));
    assertThrows(
        IllegalArgumentException.class,
        () -> AttentionMass.DEFAULT.mask(new float[] {Float.NaN}, new Grid(1, 1)));
  }

  @Test
  void spectralClustersSeparateTheObjectFromItsGround() {
    NDArray map = features().transpose().reshape(1, 3, 6, 8);
    List<Mask> halves = new SpectralMasks(List.of(2), 0).candidates(map, 8, 64, 48);
    assertEquals(2, halves.size());
    Mask object = halves.get(halves.get(0).get(0, 0) ? 1 : 0);
    assertTrue(object.iou(GridMasks.pixels(OBJECT, 8, 64, 48)) > 0.7);
    assertEquals(64 * 48, halves.get(0).area() + halves.get(1).area());
  }

  @Test
  void thereAreNoClustersWithoutDifferences() {
    NDArray same = manager.ones(new Shape(1, 3, 6, 8));
    assertEquals(List.of(), SpectralMasks.DEFAULT.candidates(same, 8, 64, 48));
    try (SpectralVoting voting =
        new SpectralVoting(
            List.of((picture, call) -> new SpectralVoting.FeatureMap(same, 8)),
            SpectralMasks.DEFAULT,
            MaskVoting.DEFAULT)) {
      SaliencyDetector.Salient found = voting.detect(TinyModels.plain(64, 48));
      assertTrue(found.mask().isEmpty());
      assertEquals(0, found.objectness());
    }
  }

  @Test
  void encodersOfAnyKindVoteTogether() {
    Picture picture = TinyModels.noise(20, 13, 1);
    Checkpoint moco =
        new PortableWeights(ResNetConfig.RESNET_50.shapes(""), "tiny")
            .renamed(name -> "state_dict.module.encoder_q." + name);
    try (Dino dino = TinyModels.dino();
        ResNetEncoder resNet = ResNetEncoder.of(moco, Device.cpu());
        SpectralVoting voting =
            new SpectralVoting(List.of(resNet, dino), SpectralMasks.DEFAULT, MaskVoting.DEFAULT)) {
      assertEquals(
          new Shape(1, 2048, 2, 3), resNet.features(picture, manager).features().getShape());
      assertEquals(new Shape(1, 64, 2, 3), dino.features(picture, manager).features().getShape());
      assertEquals(18, voting.candidates(picture).size());
      assertEquals(20, voting.detect(picture).mask().width());
    }
  }

  @Test
  void aFilledUpPictureIsSeenAsItsPatchesAre() {
    Picture whole = TinyModels.noise(24, 16, 1);
    try (Dino dino = TinyModels.dino()) {
      NDArray map = dino.features(whole, manager).features();
      float[] patches = dino.patches(List.of(whole)).get(0).values();
      assertArrayEquals(patches, map.reshape(64, 6).transpose().toFloatArray(), 1e-5f);
    }
  }

  @Test
  void fewerPositionsThanClustersGiveFewerMasks() {
    NDArray tiny = manager.create(new float[] {1, 0}, new Shape(1, 2, 1, 1));
    assertEquals(List.of(), SpectralMasks.DEFAULT.candidates(tiny, 8, 8, 8));
    NDArray two = manager.create(new float[] {1, 0, 0, 1}, new Shape(1, 2, 1, 2));
    assertTrue(SpectralMasks.DEFAULT.candidates(two, 8, 16, 8).size() <= 9);
  }

  @Test
  void theMaskThatMostAgreeOnWins() {
    Mask spanning = Mask.of(8, 6, (x, y) -> x == 3);
    Mask corner = Mask.of(8, 6, (x, y) -> x == 7 && y == 5);
    Mask close = Mask.of(8, 6, (x, y) -> x >= 2 && x < 5 && y >= 1 && y < 3);
    MaskVoting.Vote vote =
        MaskVoting.DEFAULT.vote(List.of(corner, spanning, OBJECT, close, Mask.empty(8, 6)));
    assertArrayEquals(new int[] {0, 2, 3}, vote.kept());
    assertEquals(2, vote.best());
    assertEquals(1 + 6.0 / 9, vote.scores()[1], 1e-6);
  }

  @Test
  void ifNoMaskPassesAllVote() {
    MaskVoting.Vote vote =
        MaskVoting.DEFAULT.vote(List.of(Mask.empty(8, 6), Mask.empty(8, 6).not()));
    assertArrayEquals(new int[] {0, 1}, vote.kept());
    assertEquals(1, vote.best());
    assertThrows(IllegalArgumentException.class, () -> MaskVoting.DEFAULT.vote(List.of()));
  }

  @Test
  void theStrongestPositionsHoldTheMass() {
    boolean[] kept = AttentionMass.kept(new float[] {0.1f, 0.2f, 0.7f}, 0.6);
    assertArrayEquals(new boolean[] {false, false, true}, kept);
  }
}
