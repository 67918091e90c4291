package org.zeroseg.examples.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.examples.demo.TrainClip.Phase;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Drawn;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;

class TrainClipTest {

  private static final List<Phase> SHORT =
      List.of(new Phase(1, 1e-3, 128, 3, 1), new Phase(1, 1e-3, 32, 1, 2));

  @TempDir Path folder;

  @Test
  void leavesAModelThatLoadsAndTeachesAnother() throws IOException {
    ClipConfig.Image resNet = new ClipConfig.ResNet(16, List.of(1), 16);
    ClipConfig.Image vit = new ClipConfig.Vit(64, 1, 16, 4);
    new TrainClip(resNet, SHORT).train(folder.resolve("resnet"), Progress.SILENT);
    assertTrue(Files.exists(folder.resolve("resnet/phase-2/loss.png")));
    try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("resnet/model.safetensors"))) {
      assertTrue(checkpoint.metadata().get("data").contains("ShapeWorld"));
      assertTrue(checkpoint.metadata().get("phases").contains("group=32"));
    }
    try (Clip teacher = open("resnet")) {
      assertEquals(resNet, teacher.config().image());
      new TrainClip(vit, SHORT.subList(0, 1))
          .distil(teacher, folder.resolve("vit"), Progress.SILENT);
      try (Clip student = open("vit")) {
        assertEquals(vit, student.config().image());
        assertArrayEquals(
            teacher.encode(List.of("a red star"))[0],
            student.encode(List.of("a red star"))[0],
            1e-4f);
      }
    }
  }

  @Test
  void everydayThingsAreLearntFromATowerThatKnowsShapes() throws IOException {
    ClipConfig.Image image = new ClipConfig.ResNet(16, List.of(1), 16);
    new TrainClip(image, SHORT.subList(0, 1)).train(folder.resolve("shapes"), Progress.SILENT);
    Path start = folder.resolve("shapes/model.safetensors");
    Drawn drawn = Drawn.in(folder);
    CutOuts train = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, false);
    TrainClip.Worlds worlds =
        (phase, size) ->
            new Everyday(phase.seed(), size, 1, phase.objects(), Everyday.Variety.STRONG, train);
    new TrainClip(image, SHORT.subList(0, 1), worlds, 100)
        .goOnFrom(start, folder.resolve("things"), Progress.SILENT);
    ClipConfig.Image vit = new ClipConfig.Vit(64, 1, 16, 4);
    TrainClip student = new TrainClip(vit, SHORT.subList(0, 1), worlds, 0);
    CutOuts test = CutOuts.read(drawn.list(), drawn.packages(), Part.TEST, false);
    try (Clip clip = open("things")) {
      student.distil(clip, folder.resolve("student"), Progress.SILENT);
      Path known = folder.resolve("student/model.safetensors");
      student.distilFrom(known, clip, folder.resolve("second"), Progress.SILENT);
      assertTrue(Files.exists(folder.resolve("second/model.safetensors")));
      assertThrows(
          IOException.class,
          () -> student.distilFrom(start, clip, folder.resolve("none"), Progress.SILENT));
      double named = new MeasureEveryday(clip, test, 1).named();
      assertTrue(named > 0 && named <= 1, "named " + named);
    }
    TrainClip wider = new TrainClip(new ClipConfig.ResNet(32, List.of(1), 16), SHORT, worlds, 100);
    IOException error =
        assertThrows(
            IOException.class,
            () -> wider.goOnFrom(start, folder.resolve("wider"), Progress.SILENT));
    assertTrue(error.getMessage().contains("model.safetensors"), error.getMessage());
  }

  private Clip open(String name) throws IOException {
    return Clip.load(folder.resolve(name), Precision.FLOAT32, Device.cpu());
  }

  @Test
  void goesOnWhereItWas() throws IOException {
    ClipConfig.Image image = new ClipConfig.Vit(64, 1, 16, 4);
    new TrainClip(image, SHORT).train(folder, Progress.SILENT);
    List<Long> told = new ArrayList<>();
    new TrainClip(image, SHORT).train(folder, (task, done, total) -> told.add(done));
    assertEquals(List.of(), told);
  }
}
