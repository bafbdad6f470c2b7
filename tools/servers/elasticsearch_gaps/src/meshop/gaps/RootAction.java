package meshop.gaps;

import java.util.List;
import org.apache.lucene.util.Version;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/** {@code GET /}: name and version, which clients ask for. */
final class RootAction extends BaseRestHandler {
    private final Settings settings;

    RootAction(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String getName() {
        return "gaps_root";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        return channel -> {
            XContentBuilder body = channel.newBuilder().startObject();
            body.field("name", settings.get("node.name", "node")).field("cluster_name", settings.get("cluster.name", "meshop"));
            body.startObject("version").field("number", Build.current().version()).field("build_flavor", "default");
            body.field("lucene_version", Version.LATEST.toString()).endObject();
            body.field("tagline", "You Know, for Search").endObject();
            channel.sendResponse(new RestResponse(RestStatus.OK, body));
        };
    }
}
