# frozen_string_literal: true

RSpec.describe Importers::Gatherer do
  let(:recorder) { Importers::Recorder.new(importer: "sample", root: Importers::ROOT, folder: nil) }
  let(:gatherer) do
    described_class.new(
      name: "sample", portal: "http://portal.invalid/sample", username: "dana", password: "secret", out: folder, recorder: recorder
    )
  end

  def answer(body: "", status: 200, type: "text/html")
    stub_request(:get, "http://portal.invalid/sample/page").to_return(status: status, body: body, headers: { "Content-Type" => type })
  end

  def page
    gatherer.send(:get, "page")
  end

  it "calls a missing element a changed source, and says which" do
    answer(body: "<p>nothing here</p>")

    expect { gatherer.at!(page, "td.amount") }.to raise_error(Importers::SourceChanged) { |error|
      expect([error.step, error.selector, error.file]).to eq [1, "td.amount", "spec/importers/gatherer_spec.rb"]
      expect(error.line).to be_positive
    }
  end

  it "finds forms, fields and links by what the page calls them" do
    answer(body: '<form id="login" action="/x"><input name="user"></form><a href="/y"> Billing <b>history</b></a>')
    form = gatherer.form!(page, "form#login")

    expect(gatherer.field!(form, "user").name).to eq "user"
    expect(gatherer.link!(page, "Billing history").href).to eq "/y"
    expect { gatherer.field!(form, "pass") }.to raise_error(Importers::SourceChanged, /pass/)
    expect { gatherer.link!(page, "History") }.to raise_error(Importers::SourceChanged, /History/)
  end

  it "takes JSON apart by keys" do
    json = { "data" => { "bills" => [{ "due" => "x" }], "none" => [] } }

    expect(gatherer.dig!(json, "data.bills").size).to eq 1
    expect { gatherer.dig!(json, "data.none") }.to raise_error(Importers::SourceChanged)
    expect { gatherer.dig!(json, "data.bills.due") }.to raise_error(Importers::SourceChanged)
  end

  it "calls 503 and a maintenance page a source that is down" do
    answer(status: 503)
    expect { page }.to raise_error(Importers::SourceDown, /503/)
    answer(body: "<title>Scheduled maintenance</title>")
    expect { page }.to raise_error(Importers::SourceDown, /maintenance/)
  end

  it "calls a portal that does not answer a source that is down" do
    stub_request(:get, "http://portal.invalid/sample/page").to_raise(Errno::ECONNREFUSED)
    expect { page }.to raise_error(Importers::SourceDown, /does not answer/)
  end

  it "calls a page that is gone a changed source, and 401 a refused login" do
    answer(status: 404)
    expect { page }.to raise_error(Importers::SourceChanged, /404/)
    answer(status: 401)
    expect { page }.to raise_error(Importers::AuthFailed, /401/)
  end

  it "saves nothing that is no PDF" do
    answer(body: "<p>Please sign in</p>")
    expect { gatherer.send(:save_pdf, "page", as: "2026-10-31") }.to raise_error(Importers::SourceChanged, /PDF/)
  end
end
