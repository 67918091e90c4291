package org.zeroseg.core.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.zeroseg.core.checkpoint.Pickle.Dictionary;
import org.zeroseg.core.checkpoint.Pickle.Instance;
import org.zeroseg.core.checkpoint.Pickle.Sequence;

/**
 * The tensors in a pickled value under dotted names: the keys of dictionaries, the positions in
 * lists, the attributes of TorchScript modules, the parameters and buffers of whole pickled
 * modules.
 */
final class StateDictionary {

  private static final int DEEPEST = 200;

  /** Names are made of pickled text, so a pickle this many times shorter repeats itself. */
  private static final int REPETITION = 16;

  private final Map<String, TensorView> tensors = new LinkedHashMap<>();

  /** The keys from outside to here, joined for tensors only: hostile ones may be long. */
  private final List<String> path = new ArrayList<>();

  private long characters;
  private long visits;

  private StateDictionary(long pickledBytes) {
    characters = 4096 + REPETITION * pickledBytes;
    visits = 4096 + pickledBytes;
  }

  /**
   * Collects the tensors.
   *
   * @param value what was unpickled
   * @param pickledBytes the length of the pickle, which bounds the effort
   * @param keyPath the keys that lead to the wanted part
   * @throws CheckpointException saying what is wrong, without the file's name
   */
  static Map<String, TensorView> of(Object value, long pickledBytes, String... keyPath) {
    Object wanted = value;
    for (String key : keyPath) {
      Map<String, Object> entries = new LinkedHashMap<>();
      forEachChild(wanted, (name, child) -> entries.put(name.toString(), child));
      wanted = entries.get(key);
      if (wanted == null) {
        throw new CheckpointException(
            "has no '%s' (of the key path %s); there are %s"
                .formatted(key, List.of(keyPath), Layout.some(entries.keySet())));
      }
    }
    StateDictionary collected = new StateDictionary(pickledBytes);
    collected.collect(wanted);
    if (collected.tensors.isEmpty()) {
      throw new CheckpointException(
          "holds no tensors" + (keyPath.length > 0 ? " at " + List.of(keyPath) : ""));
    }
    return collected.tensors;
  }

  private void collect(Object value) {
    if (path.size() > DEEPEST || --visits < 0) {
      throw endless();
    }
    if (value instanceof TensorView tensor) {
      add(tensor);
      return;
    }
    forEachChild(
        value,
        (key, child) -> {
          path.add(key.toString());
          collect(child);
          path.remove(path.size() - 1);
        });
  }

  private void add(TensorView tensor) {
    characters -= path.stream().mapToLong(key -> key.length() + 1L).sum();
    if (characters < 0) {
      throw endless();
    }
    String name = String.join(".", path);
    if (tensors.put(name.isEmpty() ? "tensor" : name, tensor) != null) {
      throw new CheckpointException("has two tensors called " + name);
    }
  }

  private static CheckpointException endless() {
    return new CheckpointException("its containers are nested without end");
  }

  /** Hands over what may be or contain a tensor, with its key. */
  private static void forEachChild(Object value, BiConsumer<Object, Object> visitor) {
    if (value instanceof Dictionary dictionary) {
      forEachEntry(dictionary, visitor);
    } else if (value instanceof Sequence sequence) {
      for (int i = 0; i < sequence.elements.size(); i++) {
        visit(i, sequence.elements.get(i), visitor);
      }
    } else if (value instanceof Instance instance) {
      forEachEntry(instance.items, visitor);
      if (instance.state instanceof Dictionary state) {
        forEachAttribute(state, visitor);
      }
    }
  }

  private static void forEachAttribute(Dictionary state, BiConsumer<Object, Object> visitor) {
    if (state.entries.get("_parameters") instanceof Dictionary parameters
        && state.entries.get("_buffers") instanceof Dictionary buffers
        && state.entries.get("_modules") instanceof Dictionary modules) {
      forEachEntry(parameters, visitor);
      forEachEntry(buffers, visitor);
      forEachEntry(modules, visitor);
    } else {
      forEachEntry(state, visitor);
    }
  }

  private static void forEachEntry(Dictionary dictionary, BiConsumer<Object, Object> visitor) {
    dictionary.entries.forEach((key, child) -> visit(key, child, visitor));
  }

  private static void visit(Object key, Object child, BiConsumer<Object, Object> visitor) {
    boolean named = key instanceof String || key instanceof Number || key instanceof Boolean;
    boolean deeper =
        child instanceof TensorView
            || child instanceof Dictionary
            || child instanceof Sequence
            || child instanceof Instance;
    if (named && deeper) {
      visitor.accept(key, child);
    }
  }
}
