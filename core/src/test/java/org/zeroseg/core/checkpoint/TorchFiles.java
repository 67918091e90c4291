package org.zeroseg.core.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes small files as PyTorch does, and some that it never would. */
public final class TorchFiles {

  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> storages = new LinkedHashMap<>();
  private final boolean legacy;

  private TorchFiles(boolean legacy) {
    this.legacy = legacy;
    bytes(0x80, 2);
  }

  static TorchFiles zip() {
    return new TorchFiles(false);
  }

  public static TorchFiles legacy() {
    return new TorchFiles(true);
  }

  TorchFiles bytes(int... raw) {
    for (int value : raw) {
      pickle.write(value);
    }
    return this;
  }

  /** Raw opcodes given as ASCII. */
  public TorchFiles ascii(String opcodes) {
    pickle.writeBytes(opcodes.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  TorchFiles global(String module, String name) {
    return ascii("c" + module + "\n" + name + "\n");
  }

  public TorchFiles text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return bytes('X', utf8.length, utf8.length >> 8, 0, 0).raw(utf8);
  }

  TorchFiles number(long value) {
    return bytes(0x8a, 8)
        .raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  private TorchFiles raw(byte[] raw) {
    pickle.writeBytes(raw);
    return this;
  }

  private TorchFiles numbers(long... values) {
    bytes('(');
    for (long value : values) {
      number(value);
    }
    return bytes('t');
  }

  /** A storage of float32, to be referred to by tensors. */
  TorchFiles storage(String key, float... elements) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float element : elements) {
      bytes.putFloat(element);
    }
    storages.put(key, bytes.array());
    return this;
  }

  TorchFiles tensor(String key, long offset, long[] shape, long[] strides) {
    long length = storages.getOrDefault(key, new byte[0]).length / 4;
    global("torch._utils", "_rebuild_tensor_v2").bytes('(');
    bytes('(').text("storage").global("torch", "FloatStorage").text(key).text("cpu").number(length);
    ascii(legacy ? "NtQ" : "tQ").number(offset).numbers(shape).numbers(strides);
    return bytes(0x89).global("collections", "OrderedDict").ascii(")RtR");
  }

  /** As PyTorch writes a tensor of one dimension with marks, such as that of opposite sign. */
  TorchFiles markedTensor(String key, String storageClass, long length, String mark) {
    global("torch._utils", "_rebuild_tensor_v2").bytes('(');
    bytes('(').text("storage").global("torch", storageClass).text(key).text("cpu").number(length);
    ascii(legacy ? "NtQ" : "tQ").number(0).numbers(length).numbers(1).bytes(0x89);
    global("collections", "OrderedDict").ascii(")R");
    return (mark.isEmpty() ? this : ascii("}").text(mark).bytes(0x88, 's')).ascii("tR");
  }

  /** A storage of bytes of whatever type. */
  TorchFiles storage(String key, byte[] bytes) {
    storages.put(key, bytes);
    return this;
  }

  /** A contiguous tensor with a storage of its own, called by its key. */
  TorchFiles tensor(String key, long[] shape, float... elements) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return storage(key, elements).tensor(key, 0, shape, strides);
  }

  /** A tensor of one dimension as pickle.dump writes it, its storage in bytes. */
  public TorchFiles pickledTensor(float... elements) throws IOException {
    TorchFiles inner = legacy().storage("7", elements);
    inner.bytes('(').text("storage").global("torch", "FloatStorage").text("7").text("cuda:0");
    return pickledTensor(elements.length, inner.number(elements.length).ascii("NtQ").file());
  }

  /** The same with any bytes for the storage. */
  TorchFiles pickledTensor(int length, byte[] stored) {
    global("torch._utils", "_rebuild_tensor_v2").bytes('(');
    global("torch.storage", "_load_from_bytes").bytes('B');
    raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(stored.length).array());
    raw(stored).bytes(0x85, 'R').number(0).numbers(length).numbers(1).bytes(0x89);
    return global("collections", "OrderedDict").ascii(")RtR");
  }

  /** What pickle.dump alone writes. */
  public byte[] pickle() {
    return bytes('.').pickle.toByteArray();
  }

  /** Ends the pickle and gives the file. */
  byte[] file() throws IOException {
    bytes('.');
    return legacy ? legacyFile() : zipFile();
  }

  private byte[] zipFile() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      put(zip, "archive/data.pkl", pickle.toByteArray());
      for (Map.Entry<String, byte[]> storage : storages.entrySet()) {
        put(zip, "archive/data/" + storage.getKey(), storage.getValue());
      }
      put(zip, "archive/version", new byte[] {'3', '\n'});
    }
    return bytes.toByteArray();
  }

  static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private byte[] legacyFile() {
    TorchFiles head = new TorchFiles(true);
    head.bytes(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.');
    head.bytes(0x80, 2).number(1001).ascii(".");
    head.bytes(0x80, 2).ascii("}").text("little_endian").bytes(0x88).ascii("s.");
    head.raw(pickle.toByteArray());
    head.bytes(0x80, 2, ']', '(');
    storages.keySet().forEach(head::text);
    head.bytes('e', '.');
    storages
        .values()
        .forEach(
            storage -> {
              ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
              head.raw(length.putLong(storage.length / 4).array()).raw(storage);
            });
    return head.pickle.toByteArray();
  }
}
