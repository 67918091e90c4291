package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ai.djl.ndarray.types.DataType;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.golden.Golden;

/** Damages good checkpoints at random: each is read in full or refused as a checkpoint. */
class MutatedCheckpointTest {

  private static final int MUTATIONS = 5_000;
  private static final long MOST_BYTES = 64L << 20;

  /** Numbers that length and offset fields are likely to be believed with. */
  private static final long[] EXTREMES = {
    0, 1, -1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffffL, 0xffffffffL, 1L << 40, Long.MAX_VALUE
  };

  @TempDir private Path folder;

  private int read;
  private int refused;

  @Test
  void everyMutationIsReadOrRefusedWithLittleMemory() throws IOException {
    List<byte[]> seeds = new ArrayList<>(selfMade());
    seeds.addAll(golden());
    Random random = new Random(20260101);
    Path file = folder.resolve("mutated");
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] seed = seeds.get(i % seeds.size());
      byte[] mutated = mutate(seed, seeds.get(random.nextInt(seeds.size())), random);
      Files.write(file, mutated);
      readOrRefuse(file, i);
    }
    // Were all of one kind, the mutations would be too mild or too wild to say anything.
    assertTrue(read > MUTATIONS / 50 && refused > MUTATIONS / 50, read + " read of " + MUTATIONS);
  }

  private void readOrRefuse(Path file, int mutation) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(self);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      for (String name : checkpoint.tensors().keySet()) {
        ByteBuffer bytes = checkpoint.read(name);
        while (bytes.hasRemaining()) {
          bytes.get();
        }
      }
      read++;
    } catch (CheckpointException e) {
      refused++;
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    } catch (RuntimeException | Error e) {
      fail("mutation " + mutation + " of " + MUTATIONS, e);
    }
    long allocated = threads.getThreadAllocatedBytes(self) - before;
    assertTrue(allocated < MOST_BYTES, "mutation " + mutation + " allocated " + allocated);
  }

  private static byte[] mutate(byte[] good, byte[] other, Random random) {
    byte[] bytes = good.clone();
    // Directories lie at both ends of a file, so half of the damage is done there.
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = place(bytes.length, random);
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        case 3 -> overwrite(bytes, at, EXTREMES[random.nextInt(EXTREMES.length)], random);
        case 4 -> bytes = withoutRun(bytes, at, 1 + random.nextInt(16));
        case 5 -> bytes = withRun(bytes, at, other, random);
        default -> bytes[at] = bytes[place(bytes.length, random)];
      }
    }
    return bytes;
  }

  private static int place(int length, Random random) {
    int near = Math.min(length, 2048);
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(near);
      case 1 -> length - 1 - random.nextInt(near);
      default -> random.nextInt(length);
    };
  }

  private static void overwrite(byte[] bytes, int at, long value, Random random) {
    int size = 1 << random.nextInt(4);
    for (int i = 0; i < size && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (value >> (8 * i));
    }
  }

  private static byte[] withoutRun(byte[] bytes, int at, int length) {
    int end = Math.min(bytes.length, at + length);
    byte[] shorter = Arrays.copyOf(bytes, Math.max(1, bytes.length - (end - at)));
    System.arraycopy(bytes, end, shorter, Math.min(at, shorter.length), bytes.length - end);
    return shorter;
  }

  private static byte[] withRun(byte[] bytes, int at, byte[] other, Random random) {
    int length = Math.min(other.length, 1 + random.nextInt(64));
    int from = random.nextInt(other.length - length + 1);
    byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
    System.arraycopy(other, from, longer, at, length);
    System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
    return longer;
  }

  private List<byte[]> selfMade() throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (TorchFiles content : List.of(TorchFiles.zip(), TorchFiles.legacy())) {
      content.ascii("}(").text("epoch").number(3);
      content.text("model").global("collections", "OrderedDict").ascii(")R(");
      content.text("w").tensor("0", new long[] {2, 3}, 0, 1, 2, 3, 4, 5);
      content.text("view").tensor("0", 1, new long[] {2}, new long[] {3});
      content.text("scalar").tensor("1", new long[0], 7).ascii("u");
      content.text("args").global("argparse", "Namespace").bytes(')', 0x81).ascii("}b");
      files.add(content.ascii("u").file());
    }
    TorchFiles pickled = TorchFiles.legacy().ascii("}(").text("sky").pickledTensor(1, 2, 3);
    files.add(pickled.text("road").pickledTensor(4, 5, 6).ascii("u").pickle());
    Path zip = Files.write(folder.resolve("zip"), files.get(0));
    Path safetensors = folder.resolve("safetensors");
    try (Checkpoint checkpoint = Checkpoints.open(zip)) {
      SafetensorsWriter.write(safetensors, checkpoint, Map.of("seed", "1"));
      files.add(Files.readAllBytes(safetensors));
      SafetensorsWriter.write(safetensors, checkpoint.as(DataType.BFLOAT16), Map.of());
      files.add(Files.readAllBytes(safetensors));
    }
    return files;
  }

  private static List<byte[]> golden() throws IOException {
    Path weights = Golden.folder().resolve("weights");
    if (!Files.isDirectory(weights)) {
      return List.of();
    }
    List<byte[]> files = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(weights)) {
      for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
        boolean good = !path.startsWith(weights.resolve("bad")) && Files.isRegularFile(path);
        if (good && !path.getFileName().toString().equals("case.json")) {
          files.add(Files.readAllBytes(path));
        }
      }
    }
    return files;
  }
}
