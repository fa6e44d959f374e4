# frozen_string_literal: true

RSpec.describe Importers::Runner do
  let(:env) do
    { "PORTAL_URL" => "http://portal.invalid/brightwater", "PORTAL_USERNAME" => "dana", "PORTAL_PASSWORD" => "secret", "OUT_DIR" => folder }
  end

  def written(name)
    JSON.parse(File.read(File.join(folder, name)))
  end

  def quietly
    runner = nil
    expect { runner = yield }.to output.to_stderr
    runner
  end

  it "writes a result that keeps the schema, and gives 0" do
    answer_with(recorded("brightwater"))

    expect { expect(described_class.new("brightwater", env: env).run).to eq 0 }.to output("brightwater: 6 bills\n").to_stdout
    result = written("brightwater.json")
    expect(result).to include("importer" => "brightwater", "count" => 6)
    bill = result["bills"].first
    expect(Digest::SHA256.file(File.join(folder, bill["pdf"])).hexdigest).to eq bill["pdf_sha256"]
  end

  it "gives 3 and says where, when the source changed" do
    answer_with([recorded("brightwater").first.merge("body" => "<p>new site</p>")])

    expect(quietly { described_class.new("brightwater", env: env).run }).to eq 3
    expect(written("brightwater.error.json")).to include(
      "error" => "source_changed", "exception" => "Importers::SourceChanged", "selector" => "form#login", "step" => 1,
      "file" => "lib/gatherers/brightwater.rb", "line" => a_kind_of(Integer)
    )
  end

  it "gives 4 when the source is down" do
    stub_request(:any, /portal/).to_return(status: 503)
    expect(quietly { described_class.new("brightwater", env: env).run }).to eq 4
  end

  it "gives 5 when the login is refused" do
    login = recorded("brightwater").first
    refused = login.merge("body" => "<p>We couldn't sign you in. Try again.</p>")
    answer_with([login, refused])

    expect(quietly { described_class.new("brightwater", env: env).run }).to eq 5
    expect(written("brightwater.error.json")).to include("error" => "auth_failed", "file" => "lib/gatherers/brightwater.rb")
  end

  it "gives 1 for anything else" do
    expect(quietly { described_class.new("nobody", env: env).run }).to eq 1
    expect(written("nobody.error.json")).to include("error" => "crashed", "exception" => "ArgumentError")
  end
end
