import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one Elasticsearch 8.19 node inside this JVM, with no distribution, no
 * security manager, no entitlement agent and no root check.
 *
 * Use: java -cp "lib/*" EsNode HOME CONFIG DATA HTTP_PORT TRANSPORT_PORT [key=value ...]
 *
 * HOME has modules/NAME/{plugin-descriptor.properties,*.jar}, CONFIG has
 * log4j2.properties and the files that synonyms_path and the like name. A port of 0
 * is any free one. Any further key=value is a node setting and wins over the
 * defaults below.
 */
public final class EsNode {

    public static void main(String[] args) throws Exception {
        if (args.length < 5) {
            System.err.println("use: EsNode HOME CONFIG DATA HTTP_PORT TRANSPORT_PORT [key=value ...]");
            System.exit(64);
        }
        Path home = Path.of(args[0]).toAbsolutePath();
        Path config = Path.of(args[1]).toAbsolutePath();
        Path data = Path.of(args[2]).toAbsolutePath();
        Files.createDirectories(data);

        Settings.Builder wanted = Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", data.toString())
            .put("path.logs", home.resolve("logs").toString())
            .put("cluster.name", "kontor")
            .put("node.name", "kontor-1")
            .put("network.host", "127.0.0.1")
            .put("http.port", args[3])
            .put("transport.port", args[4])
            .put("discovery.type", "single-node")
            // a nearly full disk must not turn the indices read-only on a developer machine
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            // judged by what requests reserve, not by how full the heap is: the serial collector
            // fills the heap before it clears it, and the breaker would answer 429 to that
            .put("indices.breaker.total.use_real_memory", false)
            .put("action.auto_create_index", true);
        for (int i = 5; i < args.length; i++) {
            int eq = args[i].indexOf('=');
            if (eq < 1) {
                throw new IllegalArgumentException("not key=value: " + args[i]);
            }
            wanted.put(args[i].substring(0, eq), args[i].substring(eq + 1));
        }

        LogConfigurator.registerErrorListener();
        LogConfigurator.setNodeName(wanted.get("node.name"));
        LogConfigurator.setClusterName(wanted.get("cluster.name"));
        Environment env = InternalSettingsPreparer.prepareEnvironment(
            wanted.build(), Map.of(), config, () -> "kontor-1");
        LogConfigurator.configure(env, true);

        // last argument false: the server is on the class path (an unnamed module),
        // so there are no qualified exports to hand to the modules
        PluginsLoader loader = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(env.modulesDir()), Set.of(), Map.of(), false);

        Node node = new Node(env, loader);
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.prepareForClose();
                node.close();
                node.awaitClose(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                e.printStackTrace();
            } finally {
                done.countDown();
            }
        }, "stop-node"));
        node.start();
        System.out.println("EsNode started, http port " + args[3]);
        done.await();
    }
}
