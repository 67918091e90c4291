package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchCheckpointTest {

  private static final long[] SCALAR = {};

  @TempDir private Path folder;

  private Path file(TorchFiles content) throws IOException {
    return Files.write(folder.resolve("model.pt"), content.file());
  }

  private static TorchFiles start(boolean legacy) {
    return legacy ? TorchFiles.legacy() : TorchFiles.zip();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsScalarsEmptyTensorsAndViews(boolean legacy) throws IOException {
    TorchFiles content = start(legacy).ascii("}(");
    content.text("scalar").tensor("0", SCALAR, 3);
    content.text("empty").tensor("1", new long[] {0, 4});
    content.text("whole").tensor("2", new long[] {2, 3}, 0, 1, 2, 3, 4, 5);
    content.text("transposed").tensor("2", 0, new long[] {3, 2}, new long[] {1, 3});
    content.text("column").tensor("2", 1, new long[] {2}, new long[] {3});
    content.text("expanded").tensor("2", 5, new long[] {2, 4}, new long[] {0, 0});
    try (Checkpoint checkpoint = Checkpoints.open(file(content.ascii("u")))) {
      assertEquals(new Shape(), checkpoint.tensors().get("scalar").shape());
      assertArrayEquals(new double[] {3}, Values.of(checkpoint, "scalar").values());
      assertEquals(new Shape(0, 4), checkpoint.tensors().get("empty").shape());
      assertEquals(0, checkpoint.read("empty").remaining());
      assertArrayEquals(
          new double[] {0, 3, 1, 4, 2, 5}, Values.of(checkpoint, "transposed").values());
      assertArrayEquals(new double[] {1, 4}, Values.of(checkpoint, "column").values());
      assertArrayEquals(
          new double[] {5, 5, 5, 5, 5, 5, 5, 5}, Values.of(checkpoint, "expanded").values());
    }
  }

  @Test
  void namesNestedTensorsByTheirPathAndFollowsKeyPaths() throws IOException {
    TorchFiles content = TorchFiles.zip().ascii("}").text("state").ascii("}(");
    content.text("ema").ascii("}").text("w").tensor("0", new long[] {1}, 7).ascii("s");
    content.text("list").ascii("](").tensor("1", new long[] {1}, 8).ascii("K\1e");
    content.number(5).tensor("2", new long[] {1}, 9).ascii("us");
    Path file = file(content);
    try (Checkpoint all = Checkpoints.open(file);
        Checkpoint state = Checkpoints.open(file, "state");
        Checkpoint ema = Checkpoints.open(file, "state", "ema")) {
      assertEquals(Set.of("state.ema.w", "state.list.0", "state.5"), all.tensors().keySet());
      assertEquals(Set.of("ema.w", "list.0", "5"), state.tensors().keySet());
      assertArrayEquals(new double[] {7}, Values.of(ema, "w").values());
    }
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(file, "state", "teacher"))
            .getMessage();
    assertTrue(message.contains("teacher") && message.contains("ema"), message);
  }

  @Test
  void readsWholePickledModulesAndReadsOverObjectsOfAnyClass() throws IOException {
    TorchFiles content = TorchFiles.zip().ascii("}(");
    content.text("args").global("argparse", "Namespace").bytes(')', 0x81).ascii("}");
    content.text("lr").bytes('G', 0x3f, 0xf0, 0, 0, 0, 0, 0, 0).ascii("sb");
    content.text("best").global("numpy.core.multiarray", "scalar").ascii("(");
    content.global("numpy", "dtype").text("f8").bytes(0x85, 'R').ascii("C\1xtR");
    content.text("model").global("my.package", "Net").bytes(')', 0x81).ascii("}(");
    content.text("training").bytes(0x88).text("_buffers").ascii("}");
    content.text("_parameters").ascii("}").text("weight");
    content.global("torch._utils", "_rebuild_parameter").ascii("(");
    content.tensor("0", new long[] {2}, 1, 2).bytes(0x88);
    content.global("collections", "OrderedDict").ascii(")RtRs");
    content.text("_modules").ascii("}ubu");
    try (Checkpoint checkpoint = Checkpoints.open(file(content))) {
      assertEquals(List.of("model.weight"), List.copyOf(checkpoint.tensors().keySet()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cposix\nsystem\n(X\4\0\0\0exittR.",
        "cbuiltins\neval\n(X\1\0\0\0001tR.",
        "cbuiltins\ngetattr\n(NNtR.",
        "csubprocess\nPopen\n(X\2\0\0\0lstR.",
        "(X\2\0\0\0lsios\nsystem\n.",
        "(cos\nsystem\nX\2\0\0\0lso.",
        "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)tR."
      })
  void refusesToCallAnything(String opcodes) throws IOException {
    String message = refusal(TorchFiles.zip().ascii(opcodes));
    assertTrue(message.contains("never done"), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing at all
        "}", // no tensors
        "]h\0aa", // what was never noted
        "]q\0h\0a", // a list in itself
        "}q\0X\1\0\0\0ah\0s", // a dictionary in itself
        "}q\0h\0h\0s", // a dictionary as its own key
        "u", // no mark
        "X\u007f\u007f\u007f\u007fabc", // text longer than the file
        "B\u007f\u007f\u007f\u007fabc",
        "(((((", // marks alone
        "\u007f" // no such instruction
      })
  void refusesBrokenPickles(String opcodes) throws IOException {
    refusal(TorchFiles.zip().ascii(opcodes));
    refusal(TorchFiles.legacy().ascii(opcodes));
  }

  @Test
  void refusesViewsThatLeaveTheirStorage() throws IOException {
    long[][] views = { // offset, size, stride
      {0, 5, 1},
      {1, 4, 1},
      {0, 2, 4},
      {-1, 1, 1},
      {0, 2, -1},
      {4, 1, 1},
      {0, -1, 1},
      {Long.MAX_VALUE, 2, 1},
      {0, 2, Long.MAX_VALUE},
      {0, Long.MAX_VALUE, 0},
      {0, 1L << 40, 0},
      {0, 1 << 20, 0}
    };
    for (long[] view : views) {
      TorchFiles content = TorchFiles.zip().ascii("}").text("w").storage("0", 1, 2, 3, 4);
      content.tensor("0", view[0], new long[] {view[1]}, new long[] {view[2]}).ascii("s");
      String message = refusal(content);
      assertTrue(message.contains("tensor w"), message);
    }
  }

  @Test
  void endsWhereContainersRepeatEachOtherExponentially() throws IOException {
    TorchFiles content = TorchFiles.zip().tensor("0", SCALAR, 1).bytes('q', 0);
    for (int level = 0; level < 60; level++) {
      content.bytes('0', '}', '(').text("a").bytes('h', level).text("b").bytes('h', level);
      content.bytes('u', 'q', level + 1);
    }
    String message = refusal(content);
    assertTrue(message.contains("without end"), message);
  }

  @Test
  void longKeysOfNestedContainersTakeNoMemory() throws IOException {
    int length = 1 << 18;
    TorchFiles content =
        TorchFiles.zip().bytes('X', 0, 0, length >> 16, 0).ascii("a".repeat(length));
    content.bytes('q', 0, '0').tensor("0", SCALAR, 1).bytes('q', 1);
    for (int level = 0; level < 190; level++) {
      content.bytes('0', '}', 'h', 0, 'h', 1, 's', 'q', 1);
    }
    String message = refusal(content);
    assertTrue(message.contains("without end"), message);
  }

  @Test
  void refusesNumbersOfThousandsOfDigits() throws IOException {
    TorchFiles content =
        TorchFiles.zip().ascii("}").bytes(0x8b, 0, 16, 0, 0).ascii("1".repeat(4096));
    String message = refusal(content.tensor("0", SCALAR, 1).ascii("s"));
    assertTrue(message.contains("a number of 4096 bytes"), message);
  }

  @Test
  void refusesStoragesThatAreAbsentOrTooShort() throws IOException {
    TorchFiles absent = TorchFiles.zip().ascii("}").text("w");
    absent.tensor("0", 0, new long[] {0}, new long[] {1}).ascii("s");
    assertTrue(refusal(absent).contains("data/0"));
    byte[] whole =
        TorchFiles.legacy()
            .ascii("}")
            .text("w")
            .tensor("0", new long[] {2}, 1, 2)
            .ascii("s")
            .file();
    for (int length = 0; length < whole.length; length++) {
      Path cut = Files.write(folder.resolve("cut.pth"), Arrays.copyOf(whole, length));
      assertThrows(CheckpointException.class, () -> Checkpoints.open(cut));
    }
  }

  @Test
  void readsWhatPickleDumpWroteOfTensors() throws IOException {
    TorchFiles content = TorchFiles.legacy().ascii("}(").text("traffic light");
    content.pickledTensor(1, 2, 3).bytes('q', 9).text("sky").pickledTensor(4, 5, 6);
    byte[] whole = content.text("same").bytes('h', 9, 'u').pickle();
    Path file = Files.write(folder.resolve("features.pkl"), whole);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      assertEquals(
          List.of("traffic light", "sky", "same"), List.copyOf(checkpoint.tensors().keySet()));
      assertArrayEquals(new double[] {4, 5, 6}, Values.of(checkpoint, "sky").values());
      assertArrayEquals(new double[] {1, 2, 3}, Values.of(checkpoint, "same").values());
    }
    for (int length = 0; length < whole.length; length++) {
      Path cut = Files.write(folder.resolve("cut.pkl"), Arrays.copyOf(whole, length));
      assertThrows(CheckpointException.class, () -> Checkpoints.open(cut));
    }
  }

  @Test
  void refusesWhatIsNoStorageInThePickle() throws IOException {
    byte[] tensors =
        TorchFiles.legacy().ascii("}").text("w").tensor("0", SCALAR, 1).ascii("s").file();
    byte[] two = TorchFiles.legacy().storage("0", 1).storage("1", 2).ascii("N").file();
    byte[] nested = TorchFiles.legacy().pickledTensor(1, 2).file();
    for (byte[] stored : List.of(tensors, two, nested, new byte[3])) {
      TorchFiles content = TorchFiles.legacy().ascii("}").text("w").pickledTensor(1, stored);
      Path file = Files.write(folder.resolve("other.pkl"), content.ascii("s").pickle());
      Exception refused = assertThrows(CheckpointException.class, () -> Checkpoints.open(file));
      assertTrue(refused.getMessage().contains("other.pkl"), refused::getMessage);
    }
  }

  @Test
  void refusesArchivesOfOtherKinds() throws IOException {
    String[] names = {"../data.pkl", "/data.pkl", "a/../data.pkl", "C:/data.pkl", "a\\data.pkl"};
    for (String name : names) {
      assertTrue(refusal(zipOf(name, false)).contains("outside"), name);
    }
    assertTrue(refusal(zipOf("a/other", false)).contains("data.pkl"));
    assertTrue(refusal(zipOf("a/data.pkl", true)).contains("compressed"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ckpt-12:30:00", "epoch=3-val:0.91", "a..b", "..a", "a..", "AB:"})
  void colonsAndDotsInsideANameAreNoPath(String stem) throws IOException {
    TorchFiles content = TorchFiles.zip().ascii("}").text("w").tensor("0", SCALAR, 3).ascii("s");
    ByteArrayOutputStream renamed = new ByteArrayOutputStream();
    try (ZipInputStream from = new ZipInputStream(new ByteArrayInputStream(content.file()));
        ZipOutputStream to = new ZipOutputStream(renamed)) {
      for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
        TorchFiles.put(to, entry.getName().replace("archive", stem), from.readAllBytes());
      }
    }
    Path file = Files.write(folder.resolve("model.pt"), renamed.toByteArray());
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      assertArrayEquals(new double[] {3}, Values.of(checkpoint, "w").values());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theNegativeBitTurnsSigns(boolean legacy) throws IOException {
    TorchFiles content = start(legacy).storage("0", 1, 2, -3).ascii("}(");
    content.text("negative").markedTensor("0", "FloatStorage", 3, "neg");
    content.text("plain").markedTensor("0", "FloatStorage", 3, "other");
    content.text("parameter").global("torch._utils", "_rebuild_parameter").ascii("(");
    content.markedTensor("0", "FloatStorage", 3, "neg").bytes(0x88).ascii("NtR");
    try (Checkpoint checkpoint = Checkpoints.open(file(content.ascii("u")))) {
      ByteBuffer copy = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      checkpoint.copy("negative", copy);
      assertEquals(3, copy.getFloat(8));
      assertArrayEquals(new double[] {-1, -2, 3}, Values.of(checkpoint, "negative").values());
      assertArrayEquals(new double[] {-1, -2, 3}, Values.of(checkpoint, "parameter").values());
      assertArrayEquals(new double[] {1, 2, -3}, Values.of(checkpoint, "plain").values());
    }
  }

  @Test
  void theNegativeBitTurnsSignsOfEveryType() throws IOException {
    TorchFiles content = TorchFiles.zip().ascii("}(");
    for (String type :
        new String[] {"Double", "Half", "BFloat16", "Long", "Int", "Short", "Char"}) {
      byte[] one =
          switch (type) {
            case "Double" -> new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xf0, 0x3f};
            case "Half" -> new byte[] {0, 0x3c};
            case "BFloat16" -> new byte[] {(byte) 0x80, 0x3f};
            case "Long" -> new byte[] {1, 0, 0, 0, 0, 0, 0, 0};
            case "Int" -> new byte[] {1, 0, 0, 0};
            case "Short" -> new byte[] {1, 0};
            default -> new byte[] {1};
          };
      content.storage(type, one).text(type).markedTensor(type, type + "Storage", 1, "neg");
    }
    try (Checkpoint checkpoint = Checkpoints.open(file(content.ascii("u")))) {
      for (String name : checkpoint.tensors().keySet()) {
        assertArrayEquals(new double[] {-1}, Values.of(checkpoint, name).values(), name);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void elementsOfUnknownTypesAreOnlyRefusedWhenAskedFor(boolean legacy) throws IOException {
    TorchFiles content = start(legacy).storage("1", new byte[legacy ? 4 : 2]).ascii("}(");
    // Of one byte each; TorchFiles counts four to an element in what it writes of the old format.
    content
        .text("fast")
        .markedTensor("1", legacy ? "ComplexHalfStorage" : "QInt8Storage", legacy ? 1 : 2, "");
    content.text("w").tensor("2", new long[] {1}, 7).ascii("u");
    try (Checkpoint checkpoint = Checkpoints.open(file(content))) {
      assertArrayEquals(new double[] {7}, Values.of(checkpoint, "w").values());
      String message =
          assertThrows(CheckpointException.class, () -> checkpoint.read("fast")).getMessage();
      assertTrue(message.contains("Storage"), message);
    }
  }

  @Test
  void readsNewerTypesOffStoragesOfBytes() throws IOException {
    TorchFiles content = TorchFiles.zip().storage("0", new byte[] {1, 0, 2, 0}).ascii("}(");
    for (String type : new String[] {"uint16", "float8_e4m3fn"}) {
      content.text(type).global("torch._utils", "_rebuild_tensor_v3").ascii("((").text("storage");
      content.global("torch.storage", "UntypedStorage").text("0").text("cpu").ascii("K\4tQK\0");
      content.ascii("K\2").bytes(0x85).ascii("K\1").bytes(0x85, 0x89, 'N');
      content.global("torch", type).ascii("tR");
    }
    try (Checkpoint checkpoint = Checkpoints.open(file(content.ascii("u")))) {
      ByteBuffer numbers = checkpoint.read("uint16");
      assertEquals(1, numbers.getShort());
      assertEquals(2, numbers.getShort());
      String message =
          assertThrows(CheckpointException.class, () -> checkpoint.read("float8_e4m3fn"))
              .getMessage();
      assertTrue(message.contains("torch.float8_e4m3fn"), message);
    }
  }

  @Test
  void whatSteersATerminalIsWrittenOutInMessages() throws IOException {
    String message = refusal(TorchFiles.zip().global("os", "sys\u001b[2Jtem").ascii(")R"));
    assertTrue(message.contains("os.sys\\u001b[2Jtem"), message);
  }

  private static byte[] zipOf(String entry, boolean compressed) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      if (compressed) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(new byte[100]);
      } else {
        TorchFiles.put(zip, entry, new byte[] {(byte) 0x80, 2, '}', '.'});
      }
    }
    return bytes.toByteArray();
  }

  private String refusal(TorchFiles content) throws IOException {
    return refusal(content.file());
  }

  private String refusal(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("hostile.pt"), content);
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  @Test
  void viewsRenameLeaveOutAndRefuseTwinNames() throws IOException {
    TorchFiles content = TorchFiles.zip().ascii("}(");
    content.text("module.a").tensor("0", SCALAR, 1);
    content.text("module.b").tensor("1", SCALAR, 2).ascii("u");
    try (Checkpoint checkpoint = Checkpoints.open(file(content))) {
      assertEquals(Set.of("a", "b"), checkpoint.under("module").tensors().keySet());
      UnaryOperator<String> rule = name -> name.replace("module.", "visual.");
      assertArrayEquals(new double[] {2}, Values.of(checkpoint.renamed(rule), "visual.b").values());
      assertEquals(
          Set.of("module.b"), checkpoint.without(name -> name.endsWith("a")).tensors().keySet());
      assertThrows(CheckpointException.class, () -> checkpoint.renamed(name -> "same"));
      assertThrows(CheckpointException.class, () -> checkpoint.under("modul"));
      assertThrows(CheckpointException.class, () -> checkpoint.read("absent"));
    }
  }
}
